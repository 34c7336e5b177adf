"""Debian's azure-eventhub 5.11: its own AMQP engine indexes performatives by position and breaks on shorter ones."""

import datetime
import json
import threading

from azure.eventhub import EventHubConsumerClient, TransportType

import hub
from hub import Skipped


# The suites share one log, and this SDK takes half a second for each prefetch: what the others wrote is not read.
_BEGIN = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)


class _Read:
    """Receives in a thread until `count` events of `device` are here or 60 s have passed."""

    def __init__(self, device, count, **client_options):
        self.events, self.errors = [], []
        self._device, self._count = device, count
        self._done = threading.Event()
        self._client = EventHubConsumerClient.from_connection_string(
            hub.INFO["connectionStrings"]["eventHub"],
            consumer_group="$Default",
            connection_verify=hub.CA_FILE,
            retry_total=1,
            **client_options,
        )

    # Batches: the SDK's loop over partitions takes half a second a round, one event at a time would take for ever.
    def _on_batch(self, partition, batch):
        for event in batch:
            if event.system_properties.get(b"iothub-connection-device-id") == self._device.encode():
                self.events.append((partition.partition_id, event))
        if len(self.events) >= self._count:
            self._done.set()

    def _on_error(self, _partition, error):
        self.errors.append(error)
        self._done.set()

    def run(self, position=_BEGIN, **options):
        def receive():
            try:
                self._client.receive_batch(
                    on_event_batch=self._on_batch,
                    max_batch_size=500,
                    on_error=self._on_error,
                    starting_position=position,
                    **options,
                )
            except Exception as error:
                self._on_error(None, error)

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        self._done.wait(60)
        self._client.close()
        thread.join(20)
        assert not self.errors, self.errors
        assert len(self.events) >= self._count, f"{len(self.events)} of {self._count} events"
        return self.events


def _sent(prefix, count, bag="%24.mid=m1&%24.ct=application%2Fjson&%24.ce=utf-8&level=storm"):
    device, key = hub.create_device(prefix)
    hub.publish(device, key, [(bag, json.dumps({"i": i}).encode()) for i in range(count)])
    return device


def test_transport_is_the_pure_python_engine():
    with EventHubConsumerClient.from_connection_string(
        hub.INFO["connectionStrings"]["eventHub"], consumer_group="$Default", connection_verify=hub.CA_FILE
    ) as client:
        assert "pyamqp" in client._amqp_transport.__module__, client._amqp_transport.__module__


def test_partition_ids_and_properties():
    with EventHubConsumerClient.from_connection_string(
        hub.INFO["connectionStrings"]["eventHub"], consumer_group="$Default", connection_verify=hub.CA_FILE
    ) as client:
        properties = client.get_eventhub_properties()
        assert properties["eventhub_name"] == hub.EVENT_HUB["EntityPath"], properties
        assert client.get_partition_ids() == [str(i) for i in range(len(properties["partition_ids"]))]
        partition = client.get_partition_properties("0")
        assert partition["id"] == "0" and partition["eventhub_name"] == hub.EVENT_HUB["EntityPath"], partition
        assert isinstance(partition["beginning_sequence_number"], int)
        assert isinstance(partition["is_empty"], bool)


def test_events_from_the_earliest_with_all_properties():
    device = _sent("py", 20)
    events = _Read(device, 20).run()
    assert [event.body_as_json()["i"] for _, event in events] == list(range(20))
    assert len({partition for partition, _ in events}) == 1
    numbers = [event.sequence_number for _, event in events]
    assert numbers == sorted(numbers) and len(set(numbers)) == 20
    event = events[0][1]
    assert event.message_id == "m1"
    assert event.content_type == "application/json"
    assert event.properties == {b"level": b"storm"}, event.properties
    system = event.system_properties
    assert system[b"iothub-message-source"] == b"Telemetry"
    assert json.loads(system[b"iothub-connection-auth-method"])["scope"] == "device"
    assert int(system[b"iothub-connection-auth-generation-id"]) > 0
    assert event.offset.isdigit()
    assert event.enqueued_time is not None


def test_starting_positions():
    device = _sent("pypos", 6)
    events = _Read(device, 6).run()
    partition, third = events[2]
    for position, inclusive, first in [
        (third.sequence_number, False, 3),
        (third.sequence_number, True, 2),
        (third.offset, False, 3),
        (third.offset, True, 2),
    ]:
        later = _Read(device, 6 - first).run(
            {partition: position}, partition_id=partition, starting_position_inclusive={partition: inclusive}
        )
        assert later[0][1].body_as_json()["i"] == first, (position, inclusive)


def test_a_thousand_with_small_prefetch():
    device = _sent("pymany", 1000, bag="")
    events = _Read(device, 1000).run(prefetch=50)
    assert [event.body_as_json()["i"] for _, event in events] == list(range(1000))


def test_a_message_of_many_frames():
    device, key = hub.create_device("pylarge")
    payload = bytes(i % 251 for i in range(200 * 1024))
    hub.publish(device, key, [("", payload)])
    events = _Read(device, 1).run()
    assert b"".join(events[0][1].body) == payload


def test_owner_level():
    device = _sent("pyowner", 2)
    events = _Read(device, 2).run(owner_level=3)
    assert len(events) == 2


def test_over_web_socket():
    try:
        import websocket  # noqa: F401
    except ImportError as missing:
        raise Skipped("python3-websocket is not installed") from missing
    if hub.INFO["ports"]["https"] != 443:
        raise Skipped("port 443 needs a permission that this user does not have")
    device = _sent("pyws", 5)
    events = _Read(device, 5, transport_type=TransportType.AmqpOverWebsocket).run()
    assert [event.body_as_json()["i"] for _, event in events] == list(range(5))
