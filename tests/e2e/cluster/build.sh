#!/usr/bin/env bash
# Builds Kubernetes' components at the versions of tools/go.mod, once a machine, and prints their folder: build.sh
# Needs Go (the version that tools/go.mod names, or newer) and, the first time, the network and about 15 minutes.
set -euo pipefail
cd "$(dirname "$0")/tools"
pinned=$(cat go.mod go.sum tools.go | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/k8s/$pinned
mkdir -p "$bin"
# Two clones may want it at once: the second waits and finds it built.
exec 9>"$bin/.lock"
flock 9
if [ ! -e "$bin/.complete" ]; then
    command -v go >/dev/null || { echo "build.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    version=$(awk '$1 == "k8s.io/kubernetes" {print $2}' go.mod)
    IFS=. read -r major minor _ <<<"${version#v}"
    stamp=k8s.io/component-base/version
    for package in $(awk -F'"' '/^\t_/ {print $2}' tools.go); do
        # One at a time, on two jobs: linking these is what takes the memory.
        CGO_ENABLED=0 go build -p 2 -trimpath -o "$bin/" \
            -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" "$package" >&2
    done
    touch "$bin/.complete"
fi
echo "$bin"
