#!/usr/bin/env bash
# What a change needs before its commit: format, the tree's own rules, the build of the program and the unit tests of what changed.
# quick.sh [COMMIT]: changed since COMMIT; without one, since the branch left origin's default branch or, standing on that, since
# the last commit. Uncommitted changes count.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=${1:-$(tests/support/base.sh)}
changed=$({ git diff --name-only --diff-filter=d "${base:-HEAD}"; git ls-files --others --exclude-standard; } | sort -u)

{ grep -E '\.(cpp|h)$' <<<"$changed" || true; } | xargs --no-run-if-empty clang-format --dry-run -Werror
/usr/bin/python3 -m pytest tests/tree
tests/support/build.sh dev pagehaul unit_tests

# The tests of a changed folder, and of everything where a header of the lowest folder, or how the tests are built, has changed.
if grep -qE '^(src/core/.*\.h|tests/support/.*\.h|CMake.*|tests/CMakeLists\.txt)$' <<<"$changed"; then
    modules=()
else
    mapfile -t modules < <(sed -nE 's,^(src|tests/unit)/([a-z]+)/.*,\2,p' <<<"$changed" | sort -u |
        while read -r module; do [ ! -x "build/dev/unit_$module" ] || echo "$module"; done)
    [ ${#modules[@]} -gt 0 ] || { echo "No unit test's folder has changed since ${base:-the beginning}."; exit 0; }
fi
tests/support/unit.sh build/dev "${modules[@]}"
