#!/usr/bin/env bash
# clang-tidy on changed sources of src/: tidy.sh [COMMIT|all]. Changed means: since COMMIT; without one, since the branch
# left origin's default branch, or, standing on that, in the last commit. Uncommitted changes count.
# Tests are not checked: they are built with warnings as errors, the unit tests under the sanitizers too, and at some 20 s
# a source they would add half as much again to this step of a CI run that must stay under 35 minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f build/dev/build.ninja ] || cmake --preset dev >/dev/null

base=${1:-$(tests/support/base.sh)}
if [ -z "$base" ] || [ "$base" = all ]; then
    changed=$(git ls-files 'src/*.cpp' 'src/*.h')
else
    changed=$({ git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp' 'src/*.h'; git ls-files --others --exclude-standard 'src/*.cpp' 'src/*.h'; } | sort -u)
fi

# A header is checked through the source of its name, or the first that includes it.
declare -A sources=()
for file in $changed; do
    case $file in
        *.cpp) sources[$file]=1 ;;
        *.h)
            own=${file%.h}.cpp
            [ -f "$own" ] || own=$(git grep -lF "${file##*/}\"" -- 'src/*.cpp' | head -n 1 || true)
            [ -z "$own" ] || sources[$own]=1
            ;;
    esac
done
# Only what the build compiles has flags to check it with.
mapfile -t files < <(printf '%s\n' "${!sources[@]}" | sort | while read -r file; do
    if [ -n "$file" ] && grep -qF "\"file\": \"$PWD/$file\"" build/dev/compile_commands.json; then echo "$file"; fi
done)
echo "clang-tidy: ${#files[@]} of $(git ls-files 'src/*.cpp' | wc -l) sources (changed since ${base:-the beginning})"
[ ${#files[@]} -gt 0 ] || exit 0

check() {
    out=$(clang-tidy -p build/dev --quiet "$1" 2>&1) && return 0
    echo "$out" | grep -vE '^[0-9]+ warnings? .*generated\.$|^Suppressed|^Use -header-filter'
    return 1
}
export -f check
printf '%s\0' "${files[@]}" | xargs -0 -P "${JOBS:-2}" -I{} bash -c 'check "$1"' _ {}
