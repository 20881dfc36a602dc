#!/usr/bin/env bash
# Builds a Prometheus that takes metrics by OTLP, which Debian's is too old for, at the version of go.mod, once a machine; prints its path.
# Without its pages, and without what finds targets in clouds: three minutes of a core instead of a quarter of an hour.
# Needs Go (the version that go.mod names; a Go from 1.21 fetches it by itself) and, the first time, the network.
set -euo pipefail
cd "$(dirname "$0")"
pinned=$(cat build.sh go.mod go.sum tools.go | sha256sum | cut -c1-16)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/prometheus/$pinned
mkdir -p "$bin"
# Two may want it at once: the second waits and finds it built.
exec 9>"$bin/.lock"
flock 9
if [ ! -e "$bin/prometheus" ]; then
    command -v go >/dev/null || { echo "build.sh: needs Go $(awk '$1 == "go" {print $2}' go.mod) or newer on the PATH" >&2; exit 1; }
    CGO_ENABLED=0 go build -p 2 -tags remove_all_sd -trimpath -ldflags '-s -w' -o "$bin/.prometheus" github.com/prometheus/prometheus/cmd/prometheus >&2
    mv "$bin/.prometheus" "$bin/prometheus"
fi
echo "$bin/prometheus"
