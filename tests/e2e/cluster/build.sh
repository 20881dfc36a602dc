#!/usr/bin/env bash
# Builds Kubernetes' components at the versions of tools/go.mod, once a machine, and prints their folder: build.sh [COMPONENT...]
# Without names all of them. Goes on where an interrupted call has stopped: a component that is there is whole, and what Go has compiled
# for another is in Go's own cache.
# Needs Go (the version that tools/go.mod names, or newer) and, the first time, the network and about 15 minutes.
set -euo pipefail
cd "$(dirname "$0")/tools"
pinned=$(cat ../build.sh go.mod go.sum tools.go | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/k8s/$pinned
mkdir -p "$bin"
# Two clones may want it at once: the second waits and finds it built.
exec 9>"$bin/.lock"
flock 9

known=$(awk -F'"' '/^\t_/ {print $2}' tools.go)
[ $# -gt 0 ] || set -- $(basename -a $known)
version=
for name in "$@"; do
    package=$(grep -E "/$name\$" <<<"$known") || { echo "build.sh: unknown component '$name': expected one of" $(basename -a $known) >&2; exit 64; }
    [ ! -e "$bin/$name" ] || continue
    if [ -z "$version" ]; then
        command -v go >/dev/null || { echo "build.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
        # Without a version the components refuse to start.
        version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
        IFS=. read -r major minor _ <<<"${version#v}"
        stamp=k8s.io/component-base/version
    fi
    echo "build.sh: $name $version" >&2
    # One at a time, on two jobs: linking these is what takes the memory.
    CGO_ENABLED=0 go build -p 2 -trimpath -o "$bin/.$name" \
        -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" "$package" >&2
    mv "$bin/.$name" "$bin/$name"
done
echo "$bin"
