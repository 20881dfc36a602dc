#!/usr/bin/env bash
# The whole unit and functional suites under the sanitizers: sanitize.sh [asan] [tsan] (default: both). An hour on two cores.
# Container tests are left out: the runtime of a sanitizer wants more memory than they give.
set -uo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- asan tsan
failed=0
for preset in "$@"; do
    case $preset in asan | tsan) ;; *) echo "sanitize.sh: expected asan or tsan, got $preset" >&2; exit 64 ;; esac
    tests/support/build.sh "$preset" pagehaul unit_tests || exit 1
    tests/support/build.sh dev mockapi || exit 1
    tests/support/unit.sh "build/$preset" || failed=1
    wrapper=()
    if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then wrapper=(setarch -R); fi
    PAGEHAUL_BINARY=build/$preset/pagehaul "${wrapper[@]}" /usr/bin/python3 -m pytest -q -n "${JOBS:-2}" --dist loadgroup -m 'not container' \
        tests/functional || failed=1
done
echo "sanitize: $* $([ $failed = 0 ] && echo without a report || echo FAILED)"
exit $failed
