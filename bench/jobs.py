"""What a twin job over many devices costs the hub: rate, CPU and memory."""

import json
import time


def _cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _resident_kib(pid, name):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def measure(hub, job):
    """Orders a job for all devices and waits for its end. Half of the second before the end is not resolved."""
    order = {"type": "scheduleUpdateTwin", "queryCondition": "*", "maxExecutionTimeInSeconds": 86400,
             "updateTwin": {"etag": "*", "properties": {"desired": {"job": job, "interval": 60}}}}
    open(f"/proc/{hub.pid}/clear_refs", "w").write("5")  # the peak from here on
    before_kib = _resident_kib(hub.pid, "VmRSS")
    began, cpu = time.monotonic(), _cpu_s(hub.pid)
    hub.rest("PUT", f"/jobs/v2/{job}", json.dumps(order))
    selected_s = None
    while True:
        state = hub.rest("GET", f"/jobs/v2/{job}")
        counts = state["deviceJobStatistics"]
        if selected_s is None and counts["succeededCount"] > 0:
            selected_s = time.monotonic() - began
        if state["status"] in ("completed", "failed"):
            break
        time.sleep(0.05)
    took, cpu = time.monotonic() - began, _cpu_s(hub.pid) - cpu
    devices = counts["deviceCount"]
    if state["status"] != "completed" or counts["succeededCount"] != devices:
        raise RuntimeError(json.dumps(state))
    return {"devices": devices, "rate": devices / took, "cpu_us": cpu / devices * 1e6, "selected_s": selected_s,
            "growth_mib": (_resident_kib(hub.pid, "VmHWM") - before_kib) / 1024}
