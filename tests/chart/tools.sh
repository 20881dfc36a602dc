#!/usr/bin/env bash
# Builds Helm, its unit test plugin, a strict reader of manifests and kustomize at the versions of tools/go.mod, once a machine, beside what KEDA says of its
# objects, at the version of tools/keda/go.mod; prints their folder.
# Needs Go (the version that tools/go.mod names; a Go from 1.21 fetches it by itself) and, the first time, the network.
set -euo pipefail
cd "$(dirname "$0")/tools"
pinned=$(cat go.mod go.sum tools.go strict/main.go kustomize/main.go keda/go.mod keda/go.sum | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/helm/$pinned
mkdir -p "$bin"
# Two may want them at once: the second waits and finds them built.
exec 9>"$bin/.lock"
flock 9
for package in $(awk -F'"' '/^\t_/ {print $2}' tools.go) ./strict ./kustomize; do
    name=$(basename "$package")
    [ ! -e "$bin/$name" ] || continue
    command -v go >/dev/null || { echo "tools.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    # One at a time, on two jobs: linking these is what takes the memory.
    CGO_ENABLED=0 go build -p 2 -trimpath -ldflags '-s -w' -o "$bin/.$name" "$package" >&2
    mv "$bin/.$name" "$bin/$name"
done
if [ ! -e "$bin/keda" ]; then
    (cd keda && go mod download github.com/kedacore/keda/v2)
    mkdir -p "$bin/.keda"
    cp --no-preserve=mode "$(cd keda && go list -m -f '{{.Dir}}' github.com/kedacore/keda/v2)"/config/crd/bases/keda.sh_{scaledjobs,triggerauthentications}.yaml "$bin/.keda/"
    mv "$bin/.keda" "$bin/keda"
fi
echo "$bin"
