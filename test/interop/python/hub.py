"""What the Python suites share: the hub that run.js started, devices, tokens, a small publisher."""

import base64
import hashlib
import hmac
import json
import os
import socket
import ssl
import struct
import urllib.parse
import urllib.request
import uuid

with open(os.environ["NAVE_READY_FILE"], encoding="utf-8") as ready:
    INFO = json.load(ready)
HOST = INFO["hostName"]
CA_FILE = INFO["caFile"]
FAR_FUTURE = 4102444800


def fields(connection_string):
    return dict(part.split("=", 1) for part in connection_string.split(";") if "=" in part)


OWNER = fields(INFO["connectionStrings"]["iothubowner"])
EVENT_HUB = fields(INFO["connectionStrings"]["eventHub"])


def sas(resource, key, policy=None):
    encoded = urllib.parse.quote(resource, safe="")
    mac = hmac.new(base64.b64decode(key), f"{encoded}\n{FAR_FUTURE}".encode(), hashlib.sha256).digest()
    signature = urllib.parse.quote(base64.b64encode(mac), safe="")
    skn = f"&skn={policy}" if policy else ""
    return f"SharedAccessSignature sr={encoded}&sig={signature}&se={FAR_FUTURE}{skn}"


def tls():
    return ssl.create_default_context(cafile=CA_FILE)


def create_device(prefix):
    device = f"{prefix}-{uuid.uuid4()}"
    request = urllib.request.Request(
        f"https://{HOST}:{INFO['ports']['https']}/devices/{device}?api-version=2021-04-12",
        data=json.dumps({"deviceId": device}).encode(),
        method="PUT",
        headers={
            "Authorization": sas(HOST, OWNER["SharedAccessKey"], OWNER["SharedAccessKeyName"]),
            "Content-Type": "application/json; charset=utf-8",
        },
    )
    with urllib.request.urlopen(request, context=tls(), timeout=20) as answer:
        identity = json.load(answer)
    return device, identity["authentication"]["symmetricKey"]["primaryKey"]


def _text(value):
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def _packet(first, body):
    length, head = len(body), b""
    while True:
        digit, length = length % 128, length // 128
        head += bytes([digit | 0x80 if length else digit])
        if not length:
            return bytes([first]) + head + body


def _read_exactly(stream, count):
    data = b""
    while len(data) < count:
        chunk = stream.recv(count - len(data))
        if not chunk:
            raise EOFError("connection closed")
        data += chunk
    return data


def publish(device, key, messages):
    """Sends [(property bag, bytes)] at QoS 1 and returns when each is acknowledged."""
    raw = socket.create_connection((HOST, INFO["ports"]["mqtt"]), timeout=20)
    with tls().wrap_socket(raw, server_hostname=HOST) as stream:
        user = f"{HOST}/{device}/?api-version=2021-04-12"
        password = sas(f"{HOST}/devices/{device}", key)
        body = _text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 60) + _text(device) + _text(user) + _text(password)
        stream.sendall(_packet(0x10, body))
        answer = _read_exactly(stream, 4)
        assert answer == b"\x20\x02\x00\x00", answer
        for number, (bag, payload) in enumerate(messages, 1):
            topic = _text(f"devices/{device}/messages/events/{bag}")
            stream.sendall(_packet(0x32, topic + struct.pack("!H", number) + payload))
        for number in range(1, len(messages) + 1):
            assert _read_exactly(stream, 4) == b"\x40\x02" + struct.pack("!H", number)
        stream.sendall(b"\xe0\x00")


class Skipped(Exception):
    """Raised by a test that this machine cannot run; the text says why."""
