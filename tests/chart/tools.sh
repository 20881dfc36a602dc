#!/usr/bin/env bash
# Builds Helm 3 and 4, Helm 3's unit test plugin, a strict reader of manifests and kustomize at the versions of tools/go.mod and tools/helm4/go.mod, once a machine,
# beside what KEDA says of its objects, at the version of tools/keda/go.mod, and each Kubernetes of its own, at those of tools/kubernetes.txt; prints their folder.
# Needs Go (the version that tools/go.mod names; a Go from 1.21 fetches it by itself) and, the first time, the network.
set -euo pipefail
cd "$(dirname "$0")/tools"
pinned=$(cat go.mod go.sum tools.go strict/main.go kustomize/main.go helm4/go.mod helm4/go.sum keda/go.mod keda/go.sum kubernetes.txt ../tools.sh | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/helm/$pinned
mkdir -p "$bin"
# Two may want them at once: the second waits and finds them built.
exec 9>"$bin/.lock"
flock 9

# build NAME PACKAGE [FOLDER OF ITS go.mod]
build() {
    [ ! -e "$bin/$1" ] || return 0
    command -v go >/dev/null || { echo "tools.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    # One at a time, on two jobs: linking these is what takes the memory.
    (cd "${3:-.}" && CGO_ENABLED=0 go build -p 2 -trimpath -ldflags '-s -w' -o "$bin/.$1" "$2" >&2)
    mv "$bin/.$1" "$bin/$1"
}

for package in $(awk -F'"' '/^\t_/ {print $2}' tools.go) ./strict ./kustomize; do
    build "$(basename "$package")" "$package"
done
build helm4 helm.sh/helm/v4/cmd/helm helm4

if [ ! -e "$bin/keda" ]; then
    (cd keda && go mod download github.com/kedacore/keda/v2)
    mkdir -p "$bin/.keda"
    cp --no-preserve=mode "$(cd keda && go list -m -f '{{.Dir}}' github.com/kedacore/keda/v2)"/config/crd/bases/keda.sh_{scaledjobs,triggerauthentications}.yaml "$bin/.keda/"
    mv "$bin/.keda" "$bin/keda"
fi

# A client knows the fields that its server has: they stand in a text in its source.
if [ ! -e "$bin/kubernetes" ]; then
    mkdir -p "$bin/.kubernetes"
    while read -r version sum; do
        # Each sum is held against Go's checksum database too.
        told=$(go mod download -json "k8s.io/client-go@$version")
        field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\?$/\1/p" <<<"$told"; }
        [ "$(field Sum)" = "$sum" ] || { echo "tools.sh: k8s.io/client-go $version has the sum $(field Sum): expected $sum, as in kubernetes.txt" >&2; exit 1; }
        minor=${version#v0.}
        awk '/^`\)$/ {exit} shown {print} /YAMLObject\(`/ {shown = 1; print "types:"}' "$(field Dir)/applyconfigurations/internal/internal.go" >"$bin/.kubernetes/1.${minor%.*}.yaml"
    done <kubernetes.txt
    mv "$bin/.kubernetes" "$bin/kubernetes"
fi
echo "$bin"
