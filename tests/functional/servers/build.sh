#!/usr/bin/env bash
# Servers that others made, for tests that pull from them: build.sh [PART...] builds or installs each once a machine and prints their folder.
#
#   pocketbase   a program, at the version of pocketbase/go.mod; needs Go
#   npm          node_modules, as npm/package-lock.json has it: json-server and oidc-provider; needs Node.js
#
# Without names: what this machine can; what it cannot is said. Tests are skipped where Go or Node.js are missing.
set -euo pipefail
cd "$(dirname "$0")"
pinned=$(cat pocketbase/go.mod pocketbase/go.sum pocketbase/main.go npm/package-lock.json npm/*.mjs | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/servers/$pinned
mkdir -p "$bin"
# Two may want them at once: the second waits and finds them there.
exec 9>"$bin/.lock"
flock 9

make_pocketbase() {
    CGO_ENABLED=0 timeout 1800 go build -C pocketbase -p 2 -trimpath -ldflags '-s -w' -o "$1" .
}
make_npm() {
    rm -rf "$1" && mkdir "$1" && cp npm/package.json npm/package-lock.json npm/*.mjs "$1" &&
        (cd "$1" && timeout 600 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

declare -A needs=([pocketbase]="go" [npm]="npm")
optional=$([ $# -gt 0 ] || echo yes)
[ $# -gt 0 ] || set -- pocketbase npm
for part in "$@"; do
    tool=${needs[$part]-}
    [ -n "$tool" ] || { echo "build.sh: unknown part '$part': expected pocketbase or npm" >&2; exit 64; }
    [ ! -e "$bin/$part" ] || continue
    if ! command -v "$tool" >/dev/null; then
        echo "build.sh: no $part: it needs $tool on the PATH" >&2
        [ "$optional" ] || exit 1
        continue
    fi
    if ! make_$part "$bin/.$part" >&2; then
        echo "build.sh: no $part: making it failed" >&2
        [ "$optional" ] || exit 1
        continue
    fi
    mv "$bin/.$part" "$bin/$part"
done
echo "$bin"
