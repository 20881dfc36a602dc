#!/usr/bin/env bash
# Builds Helm, its unit test plugin and a strict reader of manifests at the versions of tools/go.mod into build/tools/bin, and prints
# that folder.
# Needs Go (the version that tools/go.mod names; a Go from 1.21 fetches it by itself) and, once, the network.
set -euo pipefail
cd "$(dirname "$0")/tools"
bin=$(cd ../../.. && pwd)/build/tools/bin
stamp=$bin/.helm-$(cat go.mod go.sum tools.go strict/main.go | sha256sum | cut -c1-16)
mkdir -p "$bin"
# Two may want them at once: the second waits and finds them built.
exec 9>"$bin/.lock"
flock 9
if [ ! -e "$stamp" ]; then
    command -v go >/dev/null || { echo "tools.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    rm -f "$bin"/.helm-*
    for package in $(awk -F'"' '/^\t_/ {print $2}' tools.go) ./strict; do
        # One at a time, on two jobs: linking these is what takes the memory.
        CGO_ENABLED=0 go build -p 2 -trimpath -ldflags '-s -w' -o "$bin/$(basename "$package")" "$package" >&2
    done
    touch "$stamp"
fi
echo "$bin"
