"""Apache Qpid Proton reads events: an AMQP engine that is not JavaScript's, and one that tells AMQP types apart."""

import json

import proton
from proton import Message, SSLDomain, symbol, timestamp, ulong  # noqa: F401
from proton.handlers import MessagingHandler
from proton.reactor import Container, Selector  # noqa: F401

import hub

ENTITY = hub.EVENT_HUB["EntityPath"]
POLICY = hub.OWNER["SharedAccessKeyName"]


def _token(resource):
    return hub.sas(resource, hub.OWNER["SharedAccessKey"], POLICY)


class _Reader(MessagingHandler):
    """Reads every partition from its start until `count` events of `device` are here."""

    def __init__(self, device, count, user=None, password=None):
        super().__init__(prefetch=100)
        self.device, self.count, self.user, self.password = device, count, user, password
        self.events, self.error, self.token_answer = [], None, None

    def on_start(self, event):
        container = event.container
        domain = SSLDomain(SSLDomain.MODE_CLIENT)
        domain.set_trusted_ca_db(hub.CA_FILE)
        domain.set_peer_authentication(SSLDomain.VERIFY_PEER)
        options = {"ssl_domain": domain, "reconnect": False, "heartbeat": 30}
        if self.user:
            options.update(user=self.user, password=self.password, allowed_mechs="PLAIN")
        else:
            options.update(allowed_mechs="ANONYMOUS")
        url = f"amqps://{hub.HOST}:{hub.INFO['ports']['amqp']}"
        self.connection = container.connect(url, **options)
        self.timer = container.schedule(30, self)
        if self.user:
            self._attach(container)
        else:
            self.answers = container.create_receiver(self.connection, "$cbs")
            self.requests = container.create_sender(self.connection, "$cbs")
            self.asked = False

    def _attach(self, container):
        for partition in range(4):
            container.create_receiver(self.connection, f"{ENTITY}/ConsumerGroups/$Default/Partitions/{partition}",
                                      options=_FromStart())

    def on_sendable(self, event):
        if self.asked:
            return
        self.asked = True
        name = f"sb://{hub.HOST}/{ENTITY}"
        request = Message(body=_token(name), id=ulong(1), reply_to="cbs")
        request.properties = {"operation": "put-token", "type": "servicebus.windows.net:sastoken", "name": name}
        event.sender.send(request)

    def on_message(self, event):
        message = event.message
        if self.token_answer is None and not self.user:
            self.token_answer = message
            self._attach(event.container)
            return
        if message.annotations.get("iothub-connection-device-id") != self.device:
            return
        self.events.append(message)
        if len(self.events) == self.count:
            self._finish()

    def _finish(self):
        self.timer.cancel()
        self.connection.close()

    def on_timer_task(self, _event):
        self.error = f"{len(self.events)} of {self.count} events in 30 s"
        self.connection.close()

    def on_transport_error(self, event):
        self.error = str(event.transport.condition)
        self.timer.cancel()

    def on_link_error(self, event):
        self.error = str(event.link.remote_condition)
        self._finish()


class _FromStart(proton.reactor.Filter):
    def __init__(self):
        text = "amqp.annotation.x-opt-offset > '-1'"
        key = symbol("apache.org:selector-filter:string")
        super().__init__({key: proton.Described(key, text)})


def _read(device, count, **login):
    reader = _Reader(device, count, **login)
    Container(reader).run()
    assert reader.error is None, reader.error
    return reader


def _sent(prefix, count):
    device, key = hub.create_device(prefix)
    bag = "%24.mid=m1&%24.cid=c1&%24.uid=u1&%24.ct=application%2Fjson&%24.ce=utf-8&level=storm"
    hub.publish(device, key, [(bag, json.dumps({"i": i}).encode()) for i in range(count)])
    return device


def _check(events, device):
    assert [json.loads(bytes(m.body))["i"] for m in events] == list(range(len(events)))
    message = events[0]
    annotations = message.annotations
    # Exact AMQP types: reference/amqp.md §9.4.
    assert type(annotations["x-opt-sequence-number"]) is int, type(annotations["x-opt-sequence-number"])
    assert type(annotations["x-opt-offset"]) is str
    assert type(annotations["x-opt-enqueued-time"]) is timestamp
    assert type(annotations["iothub-enqueuedtime"]) is timestamp
    for name in ("iothub-connection-device-id", "iothub-connection-auth-method", "iothub-message-source",
                 "iothub-connection-auth-generation-id"):
        assert type(annotations[name]) is str, (name, type(annotations[name]))
    assert all(type(key) is symbol for key in annotations), annotations
    assert annotations["iothub-connection-device-id"] == device
    assert message.id == "m1" and message.correlation_id == "c1"
    assert bytes(message.user_id) == b"u1"
    assert type(message.content_type) is symbol and message.content_type == "application/json"
    assert type(message.content_encoding) is symbol and message.content_encoding == "utf-8"
    assert message.properties == {"level": "storm"}


def test_sasl_plain():
    device = _sent("proton", 10)
    reader = _read(device, 10, user=f"{POLICY}@sas.root.{hub.HOST.split('.')[0]}",
                   password=_token(f"{hub.HOST}/messages/events"))
    _check(reader.events, device)


def test_anonymous_and_claims():
    device = _sent("protoncbs", 10)
    reader = _read(device, 10)
    answer = reader.token_answer
    # Proton reads an AMQP int as int32.
    assert answer.properties["status-code"] == 200
    assert type(answer.properties["status-code"]) is proton.int32, type(answer.properties["status-code"])
    assert answer.correlation_id == 1, repr(answer.correlation_id)
    _check(reader.events, device)


def test_a_wrong_password_is_refused():
    reader = _Reader("nobody", 1, user=f"{POLICY}@sas.root.{hub.HOST.split('.')[0]}", password="SharedAccessSignature sr=x&sig=y&se=1")
    Container(reader).run()
    assert reader.error and "auth" in reader.error.lower(), reader.error
