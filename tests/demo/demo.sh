#!/usr/bin/env bash
# `make demo`: 100,000 rows from a slow, faulty report API into a throwaway PostgreSQL. Leaves nothing running and no file
# behind, also on Ctrl-C. Needs build/dev/{pagehaul,mockapi}; other builds: PAGEHAUL_BINARY, MOCKAPI_BINARY.
set -euo pipefail
cd "$(dirname "$0")/../.."
pagehaul=${PAGEHAUL_BINARY:-build/dev/pagehaul}
mockapi=${MOCKAPI_BINARY:-build/dev/mockapi}

if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; else bold='' dim='' plain=''; fi
heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s%s%s\n' "$dim" "$1" "$plain"; }

work=$(mktemp -d /tmp/pagehaul-demo-XXXXXX)
chmod 755 "$work"
servers=()
cleanup() {
    trap '' INT TERM HUP
    for pid in "${servers[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A server in a session of its own, so that Ctrl-C reaches it only through cleanup; it dies with this script.
# serve NAME COMMAND...: its output goes to $work/NAME.log.
serve() {
    local name=$1
    shift
    setsid setpriv "${as_user[@]}" --pdeathsig INT -- "$@" >"$work/$name.log" 2>&1 </dev/null &
    servers+=($!)
}
# Waits until the log of a server says this (extended regular expression, one group) and prints the group.
told() {
    local found
    for _ in $(seq 300); do
        found=$(sed -nE "s~.*$2.*~\1~p" "$work/$1.log" | head -n 1)
        if [ -n "$found" ]; then echo "$found"; return 0; fi
        sleep 0.05
    done
    echo "$1 did not start:" >&2
    cat "$work/$1.log" >&2
    return 1
}
as_user=()

heading "A throwaway PostgreSQL, a Pushgateway and a report API"
bin=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")
mkdir "$work/data"
if [ "$(id -u)" -eq 0 ]; then
    # PostgreSQL refuses to run as root.
    as_user=(--reuid postgres --regid postgres --init-groups)
    chown postgres "$work/data"
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd / && setpriv "${as_user[@]}" -- "$bin/initdb" -D "$work/data" -U demo -A trust --no-sync --encoding=UTF8 --locale=C.UTF-8) \
    >"$work/initdb.log" 2>&1 || { cat "$work/initdb.log" >&2; exit 1; }
serve postgres "$bin/postgres" -D "$work/data" -p "$port" -k "$work/data" -h 127.0.0.1
as_user=()
serve pushgateway prometheus-pushgateway --web.listen-address=127.0.0.1:0 --persistence.file=
serve mockapi "$mockapi" --rows=100000 --prerender --token=demo-token --latency=50ms --fault-rate=0.01 --faults=500,503,reset,badjson
told postgres '(ready) to accept connections' >/dev/null
gateway=http://$(told pushgateway 'msg="Listening on" address=([^ ]+)')
api=$(told mockapi 'listening on (http://[^ ]+)')
export DATABASE_URL="postgresql://demo@127.0.0.1:$port/postgres" ACCESS_TOKEN=demo-token
echo "  PostgreSQL   127.0.0.1:$port, default settings, data in $work"
echo "  Pushgateway  $gateway"
echo "  report API   $api: 100,000 rows, 100 a page, 50 ms an answer, 1 page in 100 fails at first"

settings=(-c tests/demo/pipeline.yaml --set "source.base_url=$api" --set "telemetry.pushgateway.url=$gateway")
heading "pagehaul run -c tests/demo/pipeline.yaml"
say "One page at a time this takes 1,000 × 50 ms and more; failed pages are tried again, then the proof is made."
started=$(date +%s.%N)
"$pagehaul" run "${settings[@]}"
seconds=$(echo "$(date +%s.%N) $started" | awk '{printf "%.1f", $1 - $2}')

heading "pagehaul status -c tests/demo/pipeline.yaml"
"$pagehaul" status "${settings[@]}"

sql() { psql -X -q "$DATABASE_URL" "$@"; }
heading "Three rows of report.creative"
sql -c "SELECT date, creativity_id, creativity_name, fee, impression, click FROM report.creative ORDER BY creativity_id LIMIT 3"
rows=$(sql -At -c "SELECT count(*) FROM report.creative")
[ "$rows" -eq 100000 ] || { echo "report.creative holds $rows rows, expected 100000" >&2; exit 1; }
heading "SELECT count(*) FROM report.creative: 100,000 rows, proven complete, after $seconds s"

heading "What to try next"
try() { printf '  %-36s %s\n' "$1" "$2"; }
try tests/demo/pipeline.yaml "the config of this run; \`$pagehaul schema\` explains every key"
try "$pagehaul --help" "the other verbs: plan, check, status, retry"
try "$mockapi --help" "other faults: drift, throttling, an API that goes down"
try "make test" "kill -9, lost COMMITs, restarts: what keeps the table right"
