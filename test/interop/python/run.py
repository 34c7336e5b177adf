"""Runs every test_* function of the test_*.py files beside it; last line: N passed, N failed, N skipped."""

import importlib
import pathlib
import sys
import time
import traceback

from hub import Skipped


def main():
    passed = failed = skipped = 0
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name in [n for n in vars(module) if n.startswith("test_")]:
            began = time.monotonic()
            try:
                getattr(module, name)()
            except Skipped as why:
                skipped += 1
                print(f"skipped {path.stem}.{name}: {why}", flush=True)
            except Exception:  # every kind of failure is a failed test
                failed += 1
                print(f"not ok - {path.stem}.{name}\n{traceback.format_exc()}", flush=True)
            else:
                passed += 1
                print(f"ok - {path.stem}.{name} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
