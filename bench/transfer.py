"""P17: the registry through a blob: an import of devices with twins, then an export of them."""

import base64
import json
import os
import pathlib
import subprocess
from datetime import datetime

KEY = base64.b64encode(bytes(range(32))).decode()
POSTGRES_COPY_S = 34.0  # COPY of 1,000,000 identities and twins with a GIN index, per million (docs/benchmarks.md)


def write_lines(path, count):
    """Identities with keys, some tags and some desired properties: about 420 bytes a line."""
    with open(path, "w", encoding="ascii") as out:
        for i in range(count):
            out.write(json.dumps({
                "id": f"device-{i:07}", "importMode": "create", "status": "enabled",
                "authentication": {"symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}},
                "tags": {"site": f"site-{i % 100}", "floor": i % 7, "owner": {"team": f"team-{i % 13}"}},
                "properties": {"desired": {"interval": i % 60, "mode": "eco", "limits": {"high": 80, "low": i % 20}}},
            }, separators=(",", ":")) + "\n")


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid):
    """The most that it ever had."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def run(hub, what, verb, *options):
    """One job through the command line; seconds are the job's own."""
    before = cpu_s(hub.pid)
    done = subprocess.run([str(hub.binary), "device", verb, "--data", str(hub.folder / "data"), *options],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1000:])
    job = json.loads(done.stdout)
    begin, end = (datetime.fromisoformat(job[name][:26].rstrip("Z")) for name in ("startTimeUtc", "endTimeUtc"))
    return {"what": what, "s": (end - begin).total_seconds(), "cpu_s": cpu_s(hub.pid) - before,
            "mib": memory_mib(hub.pid)}


def measure(sitting):
    count = sitting.devices
    lines = pathlib.Path(sitting.scratch) / "lines.txt"
    write_lines(lines, count)
    for _ in range(sitting.pairs):
        with sitting.nave(0) as hub:
            for row in (run(hub, "import", "import", "-f", str(lines)),
                        run(hub, "export", "export", "-f", f"{lines}.out", "--ik")):
                rate = count / row["s"]
                ratio = row["s"] / count * 1e6 / POSTGRES_COPY_S
                peer = f"; per million {ratio:.2f} of PostgreSQL's {POSTGRES_COPY_S:.0f} s" if row["what"] == "import" else ""
                print(f"P17 {row['what']} of {count:,} devices with twins: {row['s']:.1f} s, {rate:,.0f}/s, "
                      f"{row['cpu_s'] / count * 1e6:.1f} us CPU each (upload and download included), "
                      f"at most {row['mib']:.0f} MiB{peer}")
