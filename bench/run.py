#!/usr/bin/env python3
"""Measures the budgets: bench/run.py [P1 P2 …] [--pairs 5] [--build build/release]. docs/benchmarks.md explains."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import amqp_idle
import jobs as twin_jobs
import postgres
import transfer
from servers import Floor, Mosquitto, Nave

POSTGRES_UPDATE_US = 135  # CPU of one durable jsonb update, the lowest of 135 to 148 measured for P15
HERE = pathlib.Path(__file__).resolve().parent


class Sitting:
    """One run of this program: where the binaries are, how many pairs and devices, where scratch files go."""

    def __init__(self, build, pairs, scratch, devices):
        self.build, self.pairs, self.scratch, self.devices = build, pairs, scratch, devices

    def nave(self, devices=1000, settings=""):
        return Nave(self.scratch, self.build / "nave", devices, settings)

    def peer(self, kind, hub, durable=True):
        certificate = hub.certificate
        return Mosquitto(self.scratch, *certificate) if kind == "mosquitto" else Floor(
            self.scratch, self.build / "bench" / "floor", *certificate, durable)

    def load(self, server, *options, port=None):
        command = [self.build / "bench" / "load", *options, "--tls", "--port", port or server.port, "--pid", server.pid,
                   "--json", *server.load_options()]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])

    def at_rate(self, hub, rate, *options, kinds=("",), port=None):
        """Latency from the time that an operation was due, of some kinds; every pair's run by itself."""
        for _ in range(self.pairs):
            run = self.load(hub, *options, "--rate", rate, port=port)
            for kind in kinds:
                figures = ", ".join(f"{p} {run[f'{kind}{p}_us']:,.0f}" for p in ("p50", "p90", "p99", "max"))
                print(f"    at {rate:,}/s ({run['rate']:,.0f} reached), {kind.rstrip('_') or 'whole'}: {figures} us")

    def compare(self, title, peers, figure, *options, devices=1000):
        """A B A B: every pair is measured back to back; the ratio of a pair survives what the machine does meanwhile."""
        with self.nave(devices) as hub:
            servers = [hub]
            try:
                for kind in peers:
                    peer = self.peer(kind, hub)
                    peer.start()
                    servers.append(peer)
                rows = [{s.name: self.load(s, *options) for s in servers} for _ in range(self.pairs)]
            finally:
                for peer in servers[1:]:
                    peer.__exit__()
        self.show(title, peers, rows, figure)

    def show(self, title, peers, rows, figure):
        print(f"{title}: {figure}, {len(rows)} pairs")
        for name in ["nave", *peers]:
            values = [row[name][figure] for row in rows]
            rates = [row[name]["rate"] for row in rows if "rate" in row[name]]
            rate = f", {statistics.median(rates):,.0f}/s" if rates else ""
            print(f"    {name:10} median {statistics.median(values):9.2f} "
                  f"({min(values):.2f} to {max(values):.2f}){rate}")
        for name in peers:
            ratios = [row["nave"][figure] / row[name][figure] for row in rows]
            print(f"    nave / {name:10} {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


def fdatasync_p50_us(folder, count=400):
    """Overwrites 4 KiB blocks of a file that exists already."""
    path = pathlib.Path(folder) / "fdatasync-probe"
    path.write_bytes(bytes(4 << 20))
    descriptor = os.open(path, os.O_WRONLY)
    os.fsync(descriptor)
    took = []
    for i in range(count):
        began = time.perf_counter_ns()
        os.pwrite(descriptor, bytes([i & 255]) * 4096, (i % 1024) * 4096)
        os.fdatasync(descriptor)
        took.append((time.perf_counter_ns() - began) / 1000)
    os.close(descriptor)
    path.unlink()
    return statistics.median(took)


def p1(s):
    s.compare("P1 durable publish, 1,000 connections x 1 unacknowledged", ["mosquitto", "floor"], "cpu_us",
              "pub", "--conns", 1000, "--window", 1)


def p2(s):
    s.compare("P2 durable publish, 100 connections x 20 unacknowledged", ["mosquitto", "floor"], "cpu_us",
              "pub", "--conns", 100, "--window", 20)


def p6(s):
    subprocess.run([str(s.build / "bench" / "log_append")], check=True)


def p7(s):
    with s.nave() as hub:
        rows = []
        for _ in range(s.pairs):
            sync_us = fdatasync_p50_us(hub.folder)
            run = s.load(hub, "pub", "--conns", 100, "--window", 200, "--rate", 5000)
            rows.append((run["p50_us"], sync_us, run["cpu_us"]))
    print(f"P7 acknowledgement at 5,000 msg/s over TLS, {len(rows)} pairs")
    for p50, sync_us, cpu in rows:
        print(f"    p50 {p50:.0f} us, fdatasync p50 {sync_us:.0f} us, budget {3 * sync_us + 1000:.0f} us, CPU {cpu:.1f} us/msg")


def p8(s):
    s.compare("P8 TLS connect, CONNECT, session", ["floor"], "cpu_us", "conn", "--conns", 20)


def p10(s):
    s.compare("P10 TLS connect latency, unloaded", ["mosquitto", "floor"], "p50_us", "conn", "--conns", 1,
              "--duration", 1500, "--warm-up", 300)


def p12(s):
    count = 2000
    for what, options in (("MQTT", []), ("MQTT over WebSocket", ["--ws"])):
        with s.nave(count) as hub:
            if options:
                hub.port = hub.info["ports"]["https"]
            run = s.load(hub, "idle", "--conns", count, "--hold", 1000, *options)
            print(f"P12 idle {what}: {run['kib']:.2f} KiB each of {count}")
            if not options:
                with s.peer("floor", hub) as floor:
                    run = s.load(floor, "idle", "--conns", count, "--hold", 1000)
                    print(f"    floor: {run['kib']:.2f} KiB")
    with s.nave(0) as hub:
        print(f"P12 idle AMQP with two links: {amqp_idle.measure(hub, 1000):.2f} KiB each of 1000")


def twin(s, title, verb):
    """Each of 1,000 devices waits for its answer; beside it the floor, whose durable messages do so too."""
    with s.nave() as hub, s.peer("floor", hub) as floor:
        rows = [{"nave": s.load(hub, verb, "--conns", 1000), "floor": s.load(floor, "pub", "--conns", 1000)}
                for _ in range(s.pairs)]
        s.show(title, ["floor"], rows, "cpu_us")
        s.at_rate(hub, 1000, verb, "--conns", 100, "--window", 50)
    return rows


def p14(s):
    twin(s, "P14 twin read, 1,000 connections x 1", "twin-get")


def p15(s):
    rows = twin(s, "P15 durable reported patch, 1,000 connections x 1", "twin-patch")
    ratio = statistics.median(row["nave"]["cpu_us"] for row in rows) / POSTGRES_UPDATE_US
    print(f"    nave / {POSTGRES_UPDATE_US} us of PostgreSQL, which another sitting measured: {ratio:.3f}")


def p20(s):
    with s.nave(100) as hub, s.peer("floor", hub, durable=False) as floor:
        method = ("method", *hub.service_options("https"))
        rows = [(s.load(hub, *method, "--conns", 1, "--rate", 100), s.load(floor, "pub", "--conns", 1, "--rate", 100))
                for _ in range(s.pairs)]
        ratios = [call["p50_us"] / (2 * ack["p50_us"]) for call, ack in rows]
        print(f"P20 method round trip at 100/s beside two acknowledgements of the floor without a disk, {len(rows)} pairs")
        for (call, ack), ratio in zip(rows, ratios):
            print(f"    p50 {call['p50_us']:.0f} us, acknowledgement {ack['p50_us']:.0f} us, {ratio:.2f}")
        print(f"    median {statistics.median(ratios):.2f}")
        s.at_rate(hub, 1000, *method, "--conns", 50)
        s.show("    as fast as 100 devices answer", [], [{"nave": s.load(hub, *method, "--conns", 100)}], "cpu_us")


def c2d(s):
    with s.nave(1000) as hub:
        send = ("c2d", *hub.service_options("amqp"))
        rows = [{"nave": s.load(hub, *send, "--conns", 1000)} for _ in range(s.pairs)]
        s.show("C2D sent over AMQP, received and completed over MQTT, 1,000 devices x 1", [], rows, "cpu_us")
        s.at_rate(hub, 500, *send, "--conns", 200, kinds=("", "receive_"))


def amqp(s):
    with s.nave() as hub:
        port = hub.info["ports"]["amqp"]
        for conns, window in ((1000, 1), (100, 20)):
            size = ("--conns", conns, "--window", window)
            rows = [{"nave": s.load(hub, "amqp-telemetry", *size, port=port), "MQTT": s.load(hub, "pub", *size)}
                    for _ in range(s.pairs)]
            s.show(f"AMQP durable telemetry, {conns:,} connections x {window}, beside MQTT", ["MQTT"], rows, "cpu_us")
        s.at_rate(hub, 5000, "amqp-telemetry", "--conns", 100, "--window", 200, port=port)


def bulk(s):
    for what, more in (("identities alone", ()), ("with tags and desired properties", ("--twins",))):
        for _ in range(s.pairs):
            with s.nave(0) as hub:
                run = s.load(hub, "bulk", *hub.service_options("https"), "--conns", 8, "--devices", s.devices, *more)
            print(f"BULK {run['count']:,} devices, {what}: {run['rate']:,.0f}/s, {run['cpu_us']:.1f} us CPU each, "
                  f"{run['mib']:.0f} MiB at the end, request p50 {run['p50_us'] / 1000:.1f} ms, "
                  f"p99 {run['p99_us'] / 1000:.1f} ms")
            sys.stdout.flush()


def read(s):
    with s.nave() as hub:
        stored = s.load(hub, "pub", "--conns", 100, "--window", 50, "--duration", 6000, "--warm-up", 0)["count"]
        fields = hub.strings("eventHub")
        for _ in range(s.pairs):
            done = subprocess.run(
                [str(s.build / "bench" / "read_events"), "--port", str(hub.info["ports"]["amqp"]), "--pid", str(hub.pid),
                 "--key", hub.strings("iothubowner")["SharedAccessKey"], "--entity", fields["EntityPath"],
                 "--count", str(stored)], capture_output=True, text=True, check=False)
            print(f"READ {done.stdout.splitlines()[0] if done.returncode == 0 else done.stderr.strip()}")


def jobs(s):
    """The first job makes the twins' rows, the others change them."""
    devices = s.devices
    with s.nave(devices, "[jobs]\noperations_per_second = 0\n") as hub:
        for i in range(s.pairs):
            run = twin_jobs.measure(hub, f"job{i}")
            print(f"JOBS twin job over {run['devices']:,} devices: {run['rate']:,.0f}/s, CPU {run['cpu_us']:.1f} us each, "
                  f"first device after {run['selected_s']:.2f} s, resident memory +{run['growth_mib']:.1f} MiB at most")
            sys.stdout.flush()


def p18(s):
    """PostgreSQL, if it is installed, answers the first question over the same twins in the same sitting."""
    command = [s.build / "bench" / "query_scan", "--devices", s.devices, "--rounds", s.pairs]
    env = {**os.environ, "TMPDIR": str(s.scratch)}
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True, env=env)
    for line in done.stdout.splitlines():
        print(f"P18 {line}")
    if postgres.available():
        with postgres.Postgres(s.scratch) as peer:
            peer.fill(s.devices)
            print(f"P18 {statistics.median(peer.scan_seconds(s.pairs)):7.3f} s  PostgreSQL, sequential scan, the first query")


ROWS = {"P1": p1, "P2": p2, "P6": p6, "P7": p7, "P8": p8, "P10": p10, "P12": p12, "P14": p14, "P15": p15, "P17": transfer.measure, "P18": p18,
        "P20": p20, "C2D": c2d, "AMQP": amqp, "BULK": bulk, "READ": read, "JOBS": jobs}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {' '.join(ROWS)}; all without")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build" / "release")
    parser.add_argument("--scratch", default=None, help="folder on the disk to measure")
    parser.add_argument("--devices", type=int, default=100_000, help="how many BULK registers, P17 imports and JOBS changes")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {' '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="nave-bench-", dir=given.scratch) as scratch:
        sitting = Sitting(given.build.resolve(), given.pairs, scratch, given.devices)
        for name in given.rows or ROWS:
            ROWS[name](sitting)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
