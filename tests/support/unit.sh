#!/usr/bin/env bash
# Runs the unit test executables of a build folder, two at a time: unit.sh BUILD_DIR [MODULE...] (default: all).
# Shows the output of those that fail; ends with "unit: N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1
shift
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

run_one() {
    local binary=$1 logs=$2 module start code=0
    module=$(basename "$binary" | sed s/^unit_//)
    start=$(date +%s.%N)
    # gcc 12's ThreadSanitizer does not start where a new kernel randomises addresses too widely: -R keeps them plain.
    local wrapper=()
    if [[ $binary == *tsan/* ]] && setarch -R true 2>/dev/null; then wrapper=(setarch -R); fi
    # Sanitizers: a report fails the module (exit 66); lsan.supp and tsan.supp name what libraries do, each with its reason.
    GTEST_BRIEF=1 GTEST_COLOR=no UBSAN_OPTIONS=print_stacktrace=1:exitcode=66 ASAN_OPTIONS=detect_leaks=1:exitcode=66 \
        LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0:exitcode=66" \
        TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp:print_suppressions=0:exitcode=66" "${wrapper[@]}" "$binary" >"$logs/$module.out" 2>&1 </dev/null || code=$?
    # GTEST_BRIEF has no count of those that failed.
    local ran passed skipped failed
    ran=$(sed -nE 's/^\[==========\] ([0-9]+) tests? from .* ran\..*/\1/p' "$logs/$module.out")
    passed=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?\.$/\1/p' "$logs/$module.out")
    skipped=$(sed -nE 's/^\[  SKIPPED \] ([0-9]+) tests?\.$/\1/p' "$logs/$module.out")
    failed=$((${ran:-0} - ${passed:-0} - ${skipped:-0}))
    # A crash, or a sanitizer's report at exit, is in none of these lines: it is a failure.
    [ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    echo "${passed:-0} $failed ${skipped:-0}" >"$logs/$module.count"
    exec 9>"$logs/lock"
    flock 9  # one module's lines stay together
    printf '  %-10s %4d passed' "$module" "${passed:-0}"
    [ -z "$skipped" ] || printf ', %d skipped' "$skipped"
    [ "$failed" -eq 0 ] || printf ', %d FAILED (exit %d)' "$failed" "$code"
    printf '  %6.1f s\n' "$(echo "$(date +%s.%N) $start" | awk '{print $1 - $2}')"
    # Each reason once, and how often it was one.
    [ -z "$skipped" ] || sed -n '/: Skipped$/{n;p}' "$logs/$module.out" | sort | uniq -c | sed -E 's/^ *([0-9]+) /    \1 skipped: /'
    if [ "$code" -ne 0 ]; then sed "s/^/    $module | /" "$logs/$module.out" | tail -n 200; fi
}
export -f run_one

if [ $# -gt 0 ]; then binaries=("${@/#/$folder/unit_}"); else binaries=("$folder"/unit_*); fi
for binary in "${binaries[@]}"; do
    [ -x "$binary" ] || { echo "unit.sh: $binary is not built" >&2; exit 1; }
done
echo "Unit tests of $folder:"
printf '%s\0' "${binaries[@]}" | xargs -0 -P "${JOBS:-2}" -I{} bash -c 'run_one "$1" "$2"' _ {} "$logs"
awk '{p += $1; f += $2; s += $3} END {printf "unit: %d passed, %d failed", p, f; if (s) printf ", %d skipped", s; print ""; exit f > 0}' \
    "$logs"/*.count
