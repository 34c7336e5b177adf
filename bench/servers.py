"""The servers that are measured side by side: the hub, mosquitto without persistence, and the floor."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import ssl

START_S_MAX = 30
KEY = base64.b64encode(bytes(range(32))).decode()  # of every device: the load generator needs one key for all


def _wait(condition, what):
    deadline = time.monotonic() + START_S_MAX
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start")
        time.sleep(0.01)


def sas(resource, key, policy):
    encoded = urllib.parse.quote(resource, safe="")
    expiry = int(time.time()) + 86400
    mac = hmac.new(base64.b64decode(key), f"{encoded}\n{expiry}".encode(), hashlib.sha256).digest()
    return f"SharedAccessSignature sr={encoded}&sig={urllib.parse.quote(base64.b64encode(mac))}&se={expiry}&skn={policy}"


class Server:
    """A process in a temporary folder; `with` ends it and removes the folder."""

    def __init__(self, scratch):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=scratch))
        self.process = None

    def spawn(self, *command):
        self.output = open(self.folder / "output", "wb")
        self.process = subprocess.Popen([str(c) for c in command], stdout=self.output, stderr=self.output)

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        shutil.rmtree(self.folder)


class Nave(Server):
    name = "nave"

    def __init__(self, scratch, binary, devices=1000, settings=""):
        super().__init__(scratch)
        self.binary, self.devices, self.settings = binary, devices, settings

    def start(self):
        ready = self.folder / "ready.json"
        configuration = self.folder / "hub.toml"
        configuration.write_text(self.settings)
        self.spawn(self.binary, "serve", "--config", configuration, "--data", self.folder / "data", "--host", "127.0.0.1", "--bind", "127.0.0.1",
                   "--mqtt-port", 0, "--amqp-port", 0, "--https-port", 0, "--ready-file", ready)
        _wait(ready.exists, self.name)
        self.info = json.loads(ready.read_text())
        self.port = self.info["ports"]["mqtt"]
        self._make_devices()

    @property
    def certificate(self):
        return self.folder / "data" / "server.pem", self.folder / "data" / "server-key.pem"

    def strings(self, name):
        return dict(p.split("=", 1) for p in self.info["connectionStrings"][name].split(";") if "=" in p)

    def _make_devices(self):
        """Eight connections at a time: the registry commits writes in groups."""
        owner = self.strings("iothubowner")
        context = ssl.create_default_context(cafile=self.info["caFile"])
        headers = {"Authorization": sas("127.0.0.1", owner["SharedAccessKey"], "iothubowner"),
                   "Content-Type": "application/json; charset=utf-8"}

        def make(first):
            link = http.client.HTTPSConnection("127.0.0.1", self.info["ports"]["https"], context=context, timeout=30)
            for i in range(first, self.devices, 8):
                device = {"deviceId": f"load{i}",
                          "authentication": {"symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}}}
                link.request("PUT", f"/devices/load{i}?api-version=2021-04-12", json.dumps(device), headers)
                answer = link.getresponse()
                answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"device load{i}: {answer.status}")
            link.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(make, range(8)))

    def rest(self, method, path, body=None):
        """One call of the service API; the answer's JSON."""
        context = ssl.create_default_context(cafile=self.info["caFile"])
        link = http.client.HTTPSConnection("127.0.0.1", self.info["ports"]["https"], context=context, timeout=60)
        key = self.strings("iothubowner")["SharedAccessKey"]
        link.request(method, f"{path}?api-version=2021-04-12", body, {"Authorization": sas("127.0.0.1", key, "iothubowner")})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text)

    def load_options(self):
        return ["--hub", "127.0.0.1", "--sas-key", KEY]

    def service_options(self, protocol):
        """What a back end needs."""
        key = self.strings("iothubowner")["SharedAccessKey"]
        return ["--service-port", self.info["ports"][protocol], "--service-key", key]


class Mosquitto(Server):
    """Volatile: it acknowledges what it keeps in memory only."""

    name = "mosquitto"

    def __init__(self, scratch, certificate, key):
        super().__init__(scratch)
        for source, target in ((certificate, "cert.pem"), (key, "key.pem")):
            shutil.copy(source, self.folder / target)

    def start(self):
        self.port = _free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\ncertfile {self.folder}/cert.pem\nkeyfile {self.folder}/key.pem\n"
            "allow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 1000\n"
            "log_type none\n" + ("user root\n" if os.geteuid() == 0 else ""))
        self.spawn(shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", config)
        _wait(lambda: _accepts(self.port), self.name)

    def load_options(self):
        return []


class Floor(Server):
    """Without `durable` it acknowledges at once: the network and nothing else."""

    name = "floor"

    def __init__(self, scratch, binary, certificate, key, durable=True):
        super().__init__(scratch)
        self.binary, self.durable = binary, durable
        for source, target in ((certificate, "cert.pem"), (key, "key.pem")):
            shutil.copy(source, self.folder / target)

    def start(self):
        log = ["--log", self.folder / "log"] if self.durable else []
        self.spawn(self.binary, 0, "--cert", self.folder / "cert.pem", "--key", self.folder / "key.pem", *log)
        _wait(lambda: b"listening on" in (self.folder / "output").read_bytes(), self.name)
        self.port = int(re.search(rb"listening on (\d+)", (self.folder / "output").read_bytes()).group(1))

    def load_options(self):
        return []


def _free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _accepts(port):
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False
