#!/usr/bin/env bash
# Boots a Kubernetes, imports the image localhost/pagehaul:dev and runs the tests; clears everything away, whatever happens: run.sh [--all] [PYTEST ARGUMENTS]
# What takes long runs with --all only, and is named as skipped without.
# The cluster's logs of a failed run stay in build/e2e.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "run.sh: a kubelet needs root" >&2; exit 1; }
tools=$("$here/cluster/build.sh")
[[ " $* " != *" --all "* ]] || "$here/cluster/build.sh" newest-kube-apiserver >/dev/null
helm=$("$root/tests/chart/tools.sh")/helm

folder=$(mktemp -d /tmp/pagehaul-e2e-XXXXXX)
# PostgreSQL runs as a user of its own and has its data in there.
chmod 711 "$folder"
mkdir -m 1777 "$folder/tmp"
tests=
clear_away() {
    local code=$?
    set +e
    trap '' INT TERM HUP
    if [ -n "$tests" ]; then
        kill -INT -- "-$tests" 2>/dev/null
        wait "$tests"
    fi
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
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

"$here/cluster/up.sh" "$tools" "$folder"
# The kinds of KEDA's objects.
KUBECONFIG=$folder/admin.kubeconfig KUBECACHEDIR=$folder/cache "$tools/kubectl" create --filename "$tools/keda.yaml" >/dev/null
# What an upgrade goes to: the same with the program of the next version of the ledger.
container=$(buildah from --pull-never localhost/pagehaul:dev)
buildah copy --quiet "$container" "$root/build/dev/pagehaul_next" /usr/bin/pagehaul >/dev/null
buildah commit --quiet --rm "$container" localhost/pagehaul:next >/dev/null
for tag in dev next; do
    buildah push --quiet "localhost/pagehaul:$tag" "docker-archive:$folder/pagehaul.tar:localhost/pagehaul:$tag"
    ctr --address "$folder/containerd.sock" --namespace k8s.io images import "$folder/pagehaul.tar" >/dev/null
    rm "$folder/pagehaul.tar"
done

# run_tests PYTEST ARGUMENTS: in a process group of their own: a signal to this script reaches it at once, and it passes it on to all of them.
# Whatever they leave, interrupted, lies in the folder.
run_tests() {
    set -m
    TMPDIR=$folder/tmp KUBECONFIG=$folder/admin.kubeconfig KUBECACHEDIR=$folder/cache PAGEHAUL_E2E_TOOLS=$tools PAGEHAUL_E2E_HELM=$helm \
        /usr/bin/python3 -m pytest --rootdir "$here" -c "$here/pytest.ini" "$@" "$here" </dev/null &
    tests=$!
    set +m
    local code=0
    wait "$tests" || code=$?
    tests=
    # 5: the arguments picked none of these.
    [ $code -eq 0 ] || [ $code -eq 5 ] || failed=$code
}
failed=0
# Three at a time: they wait more than they work.
run_tests -n "${JOBS:-3}" --dist loadgroup -m 'not alone' "$@"
run_tests -m alone "$@"
exit $failed
