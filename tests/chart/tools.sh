#!/usr/bin/env bash
# Builds Helm, its unit test plugin and a strict reader of manifests at the versions of tools/go.mod, once a machine, and prints their
# folder.
# Needs Go (the version that tools/go.mod names; a Go from 1.21 fetches it by itself) and, the first time, the network.
set -euo pipefail
cd "$(dirname "$0")/tools"
pinned=$(cat go.mod go.sum tools.go strict/main.go | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/helm/$pinned
mkdir -p "$bin"
# Two may want them at once: the second waits and finds them built.
exec 9>"$bin/.lock"
flock 9
for package in $(awk -F'"' '/^\t_/ {print $2}' tools.go) ./strict; do
    name=$(basename "$package")
    [ ! -e "$bin/$name" ] || continue
    command -v go >/dev/null || { echo "tools.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    # One at a time, on two jobs: linking these is what takes the memory.
    CGO_ENABLED=0 go build -p 2 -trimpath -ldflags '-s -w' -o "$bin/.$name" "$package" >&2
    mv "$bin/.$name" "$bin/$name"
done
echo "$bin"
