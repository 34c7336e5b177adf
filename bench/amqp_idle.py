"""What an idle AMQP connection with two links costs the hub in memory."""

import socket
import ssl
import struct


def _list(code, *fields):
    body = struct.pack("!I", len(fields)) + b"".join(fields)
    return b"\x00\x53" + bytes([code]) + b"\xd0" + struct.pack("!I", len(body)) + body


def _text(value):
    data = value.encode()
    return b"\xb1" + struct.pack("!I", len(data)) + data


def _uint(value):
    return b"\x70" + struct.pack("!I", value)


def _frame(body):
    return struct.pack("!IBBH", len(body) + 8, 2, 0, 0) + body


NULL, TRUE, FALSE = b"\x40", b"\x41", b"\x42"


def hello(host):
    """Header, open, begin and the two links that every client holds: to and from $cbs."""
    node = _text("$cbs")
    def attach(name, handle, receiver):
        return _frame(_list(0x12, _text(name), _uint(handle), TRUE if receiver else FALSE, NULL, NULL,
                            _list(0x28, node), _list(0x29, node), NULL, NULL, NULL if receiver else _uint(0)))

    return (b"AMQP\x00\x01\x00\x00" + _frame(_list(0x10, _text("idle"), _text(host), _uint(65536)))
            + _frame(_list(0x11, NULL, _uint(0), _uint(5000), _uint(5000), _uint(255)))
            + attach("to", 0, False) + attach("from", 1, True))


def _memory_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def measure(hub, count):
    """KiB per connection."""
    context = ssl.create_default_context(cafile=hub.info["caFile"])
    before = _memory_kib(hub.pid)
    held = []
    for _ in range(count):
        raw = socket.create_connection(("127.0.0.1", hub.info["ports"]["amqp"]), timeout=20)
        stream = context.wrap_socket(raw, server_hostname="127.0.0.1")
        stream.sendall(hello("127.0.0.1"))
        heard = b""
        while heard.count(b"\x00\x53\x12") < 2:  # both links are answered
            chunk = stream.recv(65536)
            if not chunk:
                raise RuntimeError(f"the hub closed the connection: {heard[-200:]!r}")
            heard += chunk
        held.append(stream)
    grown = _memory_kib(hub.pid) - before
    for stream in held:
        stream.close()
    return grown / count
