#!/usr/bin/env bash
# git's pre-commit hook (`make hook`): refuses staged C++ that is not formatted. It looks at what is staged, not at the files.
set -euo pipefail
bad=()
while IFS= read -r -d '' file; do
    git show ":$file" | clang-format --assume-filename="$file" --dry-run -Werror >/dev/null 2>&1 || bad+=("$file")
done < <(git diff --cached --name-only --diff-filter=d -z -- '*.cpp' '*.h')
[ ${#bad[@]} -gt 0 ] || exit 0
printf 'Not formatted (make format, then git add):\n' >&2
printf '  %s\n' "${bad[@]}" >&2
exit 1
