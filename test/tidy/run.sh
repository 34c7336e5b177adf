#!/usr/bin/env bash
# test/tidy/run.sh [rule …]: holds the tree against the rules of ARCHITECTURE.md that a script can check.
set -euo pipefail
cd "$(dirname "$0")"
exec python3 -B tidy_test.py "$@"
