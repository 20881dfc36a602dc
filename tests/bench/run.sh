#!/usr/bin/env bash
# Builds what `make bench` measures and measures it: run.sh [options of run.py]. Everything stays under build/.
set -euo pipefail
cd "$(dirname "$0")/../.."

need() {
    command -v "$1" >/dev/null && return
    echo "run.sh: $1 is missing: $2" >&2
    exit 1
}
case " $* " in
    *" --scale "*)
        tests/support/build.sh release pagehaul mockapi bench_exec >/dev/null
        exec /usr/bin/python3 tests/bench/run.py "$@" ;;
esac
need go "the benchmark's peer is written in Go 1.24 or newer"
need cmake "see make deps"
/usr/bin/python3 -c 'import psycopg2, venv, ensurepip' 2>/dev/null ||
    { echo "run.sh: please install python3-psycopg2 and python3-venv" >&2; exit 1; }

case " $* " in
    *" --help "* | *" -h "*) exec /usr/bin/python3 tests/bench/run.py "$@" ;;
esac

cmake --preset release >/dev/null
cmake --build --preset release --target pagehaul mockapi bench_exec bench_delay bench_wall
(cd tests/bench/peers/go_pool && go build -o ../../../../build/bench/go_pool .)
if ! build/bench-venv/bin/python -c 'import dlt, psycopg2' 2>/dev/null; then
    /usr/bin/python3 -m venv build/bench-venv
    build/bench-venv/bin/pip install --quiet -r tests/bench/peers/dlt/requirements.txt
fi
exec /usr/bin/python3 tests/bench/run.py "$@"
