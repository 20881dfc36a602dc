#!/usr/bin/env bash
# The commit that "changed" is counted from: where the branch left origin's default branch or, standing on that, the last commit's
# parent. Prints nothing where there is none.
set -euo pipefail
base=$(git merge-base HEAD origin/HEAD 2>/dev/null || true)
if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
fi
echo "$base"
