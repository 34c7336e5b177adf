"""A PostgreSQL of our own for P18, in a temporary cluster: the same twins as query_scan's, one jsonb row each."""

import os
import pathlib
import pwd
import shutil
import subprocess
import time

BINARIES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
QUERY = "SELECT count(*) FROM twin WHERE document->'tags'->'location'->>'building' = 'B7'"


def available():
    return bool(BINARIES)


class Postgres:
    """Runs as the user postgres when we are root, which PostgreSQL refuses to be."""

    def __init__(self, scratch):
        self.folder = pathlib.Path(scratch) / "postgres"
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None

    def __enter__(self):
        self.folder.mkdir()
        if self.user:
            os.chmod(self.folder.parent, 0o755)
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off -c jit=off " \
                  "-c max_parallel_workers_per_gather=0 -c shared_buffers=2GB"
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments, **options):
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        command = [BINARIES[-1] / program, *arguments]
        return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, cwd="/", **as_user,
                              **options)

    def sql(self, text):
        who = ["-U", self.user.pw_name] if self.user else []
        return self._run("psql", "-h", self.folder, *who, "-d", "postgres", "-qAt", "-c", text).stdout.strip()

    def fill(self, count):
        self.sql("CREATE TABLE twin (id text PRIMARY KEY, document jsonb NOT NULL)")
        meta = '{"$lastUpdated":"2026-01-01T00:00:00Z","$lastUpdatedVersion":2}'
        self.sql(f"""
            INSERT INTO twin SELECT 'device-' || lpad(i::text, 7, '0'), jsonb_build_object(
              'tags', jsonb_build_object('location', jsonb_build_object('building', 'B' || i % 50, 'floor', i % 9),
                                         'customer', 'customer-' || i % 1000),
              'desired', jsonb_build_object('telemetryInterval', 30, 'firmware', jsonb_build_object(
                 'version', '1.' || i % 7 || '.0', 'url', 'https://firmware.example.test/image.bin'),
                 '$metadata', '{{"telemetryInterval":{meta},"firmware":{meta}}}'::jsonb),
              'reported', jsonb_build_object('battery', i % 101, 'signal', -(40 + i % 60), 'firmware',
                 jsonb_build_object('version', '1.' || i % 7 || '.0', 'status', 'ok'), 'serial', 'SN' || i,
                 '$metadata', '{{"battery":{meta},"signal":{meta},"firmware":{meta}}}'::jsonb))
            FROM generate_series(0, {count - 1}) AS i""")
        self.sql("VACUUM ANALYZE twin")

    def scan_seconds(self, rounds):
        """Of the query, each time: one process on one core, so its time is its CPU time unless somebody disturbs it."""
        self.sql(QUERY)
        out = []
        for _ in range(rounds):
            begin = time.monotonic()
            self.sql(QUERY)
            out.append(time.monotonic() - begin)
        return out
