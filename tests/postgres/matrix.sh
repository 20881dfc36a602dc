#!/usr/bin/env bash
# The ledger's unit tests, and the functional tests of the core, on several major versions of PostgreSQL: matrix.sh [MAJOR...], all
# without one. A line for each version, then "N passed, N failed". `matrix.sh --files` lists those of the functional tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
core=(pages kill stop drift target keys column_types quarantine retry status sharing database_faults grants teams streams modes vanished splits)
files=("${core[@]/#/tests/functional/test_}")
files=("${files[@]/%/.py}")
if [ "${1-}" = --files ]; then
    printf '%s\n' "${files[@]}"
    exit
fi
majors=("$@")
[ $# -gt 0 ] || mapfile -t majors < <(cut -d. -f1 tests/postgres/versions)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0
for major in "${majors[@]}"; do
    bin=$(tests/postgres/binaries.sh "$major")
    log=$logs/$major
    started=$SECONDS
    PAGEHAUL_PG_BINDIR=$bin timeout 600 tests/support/unit.sh build/dev ledger sink postgres >"$log.unit" 2>&1 || true
    PAGEHAUL_PG_BINDIR=$bin timeout 900 /usr/bin/python3 -m pytest -q -n "${JOBS:-2}" --dist loadgroup \
        "${files[@]}" >"$log.functional" 2>&1 || true
    counts=$(cat "$log.unit" "$log.functional" | grep -E '^(unit: )?[0-9]+ (passed|failed|errors?)' | grep -oE '[0-9]+ (passed|failed|errors?)' |
        awk '$2 == "passed" {p += $1} $2 != "passed" {f += $1} END {print p + 0, f + 0}')
    read -r good bad <<<"$counts"
    # A run that was cut off has no closing line.
    grep -qE '^unit: ' "$log.unit" || { bad=$((bad + 1)); echo "PostgreSQL $major: the unit tests did not end"; }
    grep -qE '^=* ?[0-9]+ (passed|failed).* in ' "$log.functional" || { bad=$((bad + 1)); echo "PostgreSQL $major: the functional tests did not end"; }
    grep -E '^ +[0-9]+ skipped: ' "$log.unit" || true
    if [ "$bad" -gt 0 ]; then cat "$log.unit" "$log.functional"; fi
    echo "PostgreSQL $("$bin/postgres" --version | awk '{print $3}'): $good passed, $bad failed, $((SECONDS - started)) s"
    passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
