#!/usr/bin/env bash
# Which lines of the core the unit and functional tests run: run.sh. Builds the preset `coverage`, runs both suites with it and judges the lines by
# judge.py. What was counted before is thrown away.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/support/build.sh coverage pagehaul unit_tests
tests/support/build.sh dev mockapi
find build/coverage -name '*.gcda' -delete
tests/support/unit.sh build/coverage
PAGEHAUL_BINARY=build/coverage/pagehaul /usr/bin/python3 -m pytest -q -n "${JOBS:-2}" --dist loadgroup -m 'not container' tests/functional
gcovr --root . --filter 'src/' --json build/coverage/lines.json --gcov-ignore-parse-errors --exclude-unreachable-branches -j 2 build/coverage
exec /usr/bin/python3 tests/coverage/judge.py build/coverage/lines.json
