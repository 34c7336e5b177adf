"""Each check_* function is a rule and one test; it yields what breaks it. Last line: N passed, N failed, N skipped."""

import sys
import time

import content
import rooms
import standalone
import style


def rules():
    for module in (rooms, style, content, standalone):
        for name, function in list(vars(module).items()):
            if name.startswith("check_"):
                yield name.removeprefix("check_"), function


def main(wanted):
    passed = failed = 0
    for name, rule in rules():
        if wanted and not any(word in name for word in wanted):
            continue
        began = time.monotonic()
        broken = list(rule())
        passed, failed = passed + (not broken), failed + bool(broken)
        print(f"{'not ok' if broken else 'ok'} - {name.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
        for line in broken[:50]:
            print(f"    {line}")
        if len(broken) > 50:
            print(f"    … and {len(broken) - 50} more")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
