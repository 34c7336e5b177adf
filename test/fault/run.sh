#!/usr/bin/env bash
# test/fault/run.sh <nave binary> [name part of the suites to run]
set -euo pipefail
NAVE_BIN=$(realpath "$1")
export NAVE_BIN
shift
cd "$(dirname "$0")"
if [ ! -d ../interop/node_modules ]; then (cd ../interop && npm ci --no-audit --no-fund --loglevel=error) >&2; fi
exec node run.js "$@"
