#!/usr/bin/env bash
# Boots a Kubernetes, imports the image localhost/pagehaul:dev and runs the tests; clears everything away, whatever happens: run.sh [PYTEST ARGUMENTS]
# The cluster's logs of a failed run stay in build/e2e.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "run.sh: a kubelet needs root" >&2; exit 1; }
tools=$("$here/cluster/build.sh")
helm=$("$root/tests/chart/tools.sh")/helm

folder=$(mktemp -d /tmp/pagehaul-e2e-XXXXXX)
clear_away() {
    local code=$?
    trap '' INT TERM
    "$here/cluster/down.sh" "$folder"
    rm -rf "$root/build/e2e"
    if [ $code -ne 0 ]; then
        mkdir -p "$root/build/e2e"
        cp -r "$folder/log" "$root/build/e2e/" || true
    fi
    rm -rf --one-file-system "$folder"
    exit $code
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$here/cluster/up.sh" "$tools" "$folder"
buildah push --quiet localhost/pagehaul:dev "docker-archive:$folder/pagehaul.tar:localhost/pagehaul:dev"
ctr --address "$folder/containerd.sock" --namespace k8s.io images import "$folder/pagehaul.tar" >/dev/null
rm "$folder/pagehaul.tar"
KUBECONFIG=$folder/admin.kubeconfig KUBECACHEDIR=$folder/cache PAGEHAUL_E2E_TOOLS=$tools PAGEHAUL_E2E_HELM=$helm \
    /usr/bin/python3 -m pytest --rootdir "$here" -c "$here/pytest.ini" "$@" "$here"
