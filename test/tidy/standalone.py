"""Every header compiles alone."""

import concurrent.futures
import os
import subprocess

import tree

_FLAGS = ["-std=c++20", "-Isrc", "-Itest", "-I.", "-fsyntax-only", "-x", "c++-header", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header"]


def _errors(name):
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), *_FLAGS, name], cwd=tree.ROOT, capture_output=True, text=True
    )
    if done.returncode == 0:
        return None
    return f"{name}: " + next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200])


def check_every_header_compiles_alone():
    headers = tree.select("src/", "test/support/", "bench/", endings=".h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(_errors, headers))
