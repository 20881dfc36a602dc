#!/usr/bin/env bash
# Builds what the cluster is made of, once a machine, and prints its folder: build.sh [PART...]; without names all of it but for newest-kube-apiserver.
#
#   tools/               kubernetes: its own components in one program, and a link to it by the name of each
#   kube-state-metrics/  tells a Prometheus about the cluster's objects
#   crds/                no program: prometheusrules.yaml, the kind of object in which alerts are handed to Prometheus' operator
#   newest/              newest-kube-apiserver, of the newest Kubernetes that the chart claims: built by name only, for what runs with --all
#   keda/                keda-operator, which starts pods by the length of a queue, and keda.yaml, the kinds of its objects
#
# each at the versions of its go.mod. Goes on where an interrupted call has stopped: a part that is there is whole, and what Go has
# compiled for another is in Go's own cache.
# Needs Go (the version that the go.mod name, or newer) and, the first time, the network and half an hour on two busy cores, of which KEDA takes half.
set -euo pipefail
cd "$(dirname "$0")"
pinned=$(grep -v '^ *#' build.sh | cat - */go.mod */go.sum */*.go | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/k8s/$pinned
mkdir -p "$bin"
# Two clones may want it at once: the second waits and finds it built.
exec 9>"$bin/.lock"
flock 9

go() {
    type -P go >/dev/null || { echo "build.sh: needs Go $(awk '$1 == "go" {print $2}' kube-state-metrics/go.mod) or newer on the PATH" >&2; exit 1; }
    command go -C "$@"
}

# build NAME: as .NAME
build() {
    local flags=() package module version major minor component stamp=k8s.io/component-base/version
    case $1 in
        prometheusrules.yaml)
            go crds mod download github.com/prometheus-operator/prometheus-operator
            cp "$(go crds list -m -f '{{.Dir}}' github.com/prometheus-operator/prometheus-operator)/example/prometheus-operator-crd/monitoring.coreos.com_$1" "$bin/.$1"
            return ;;
        keda.yaml)
            go keda mod download github.com/kedacore/keda/v2
            # Each of its files begins with ---.
            cat "$(go keda list -m -f '{{.Dir}}' github.com/kedacore/keda/v2)"/config/crd/bases/*.yaml >"$bin/.$1"
            return ;;
        keda-operator) package=github.com/kedacore/keda/v2/cmd/operator module=keda ;;
        kube-state-metrics) package=k8s.io/kube-state-metrics/v2 module=kube-state-metrics ;;
        newest-kube-apiserver) package=. module=newest ;;
        kubernetes)
            package=. module=tools
            # Before what they lead to: then a program that is there has all its names.
            for component in $(awk -F'"' '/^\tcase/ {print $2}' tools/main.go); do
                ln -sf kubernetes "$bin/$component"
            done ;;
    esac
    case $module in
        tools | newest)
            # Without a version they refuse to start.
            version=$(go $module list -m -f '{{.Version}}' k8s.io/kubernetes)
            IFS=. read -r major minor _ <<<"${version#v}"
            flags=(-X $stamp.gitVersion="$version" -X $stamp.gitMajor="$major" -X $stamp.gitMinor="$minor") ;;
    esac
    # One at a time, on two jobs: linking these is what takes the memory.
    CGO_ENABLED=0 go $module build -p 2 -trimpath -o "$bin/.$1" -ldflags "-s -w ${flags[*]}" "$package" >&2
}

known="kubernetes kube-state-metrics prometheusrules.yaml keda.yaml keda-operator"
[ $# -gt 0 ] || set -- $known
for name in "$@"; do
    [[ " $known newest-kube-apiserver " == *" $name "* ]] || { echo "build.sh: unknown part '$name': expected one of $known newest-kube-apiserver" >&2; exit 64; }
    [ ! -e "$bin/$name" ] || continue
    echo "build.sh: $name" >&2
    build "$name"
    mv "$bin/.$name" "$bin/$name"
done
echo "$bin"
