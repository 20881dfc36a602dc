#!/usr/bin/env bash
# Boots a Kubernetes of one node in seconds: up.sh TOOLS FOLDER, TOOLS from build.sh, FOLDER new or empty. README.md says what it is.
# Whatever comes of it, `down.sh FOLDER` clears it away.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$1" && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)
bridge=pagehaul-e2e
host=10.244.0.1

if ip link show "$bridge" >/dev/null 2>&1; then
    echo "up.sh: the bridge $bridge is there: another cluster is up, or one was killed; then \`down.sh FOLDER\` and \`ip link delete $bridge\` clear it away" >&2
    exit 1
fi
mkdir -p "$folder"/{log,pid,pki,cni,image,pods}
# Says that the bridge is ours to delete.
touch "$folder/bridge"
# An address of its own: else it takes the lowest of its ports, and with each new pod the others may lose the host for half a minute.
ip link add "$bridge" address 02:00:0a:f4:00:01 type bridge
ip address add $host/24 dev "$bridge"
ip link set "$bridge" up

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches the tests alone and down.sh ends these in order.
start() {
    local name=$1
    shift
    setsid "$@" >"$folder/log/$name" 2>&1 </dev/null &
    echo $! >"$folder/pid/$name"
}

# until_ready NAME SECONDS COMMAND...: polls the command; fails at once when the program ends first.
until_ready() {
    local name=$1 until=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $until ] || ! kill -0 "$(cat "$folder/pid/$name")" 2>/dev/null; then
            echo "up.sh: $name does not get ready:" >&2
            tail -n 20 "$folder/log/$name" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# The bridge is no gateway: pods reach the host and each other, and the machine's forwarding stays as it is.
cat >"$folder/cni/10-pods.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$folder/cni/addresses", "ranges": [[{"subnet": "10.244.0.0/24"}]]}}]}
END
# restrict_oom_score_adj: a container's root may lack CAP_SYS_RESOURCE.
cat >"$folder/containerd.toml" <<END
version = 2
root = "$folder/containerd/root"
state = "$folder/containerd/state"
[grpc]
  address = "$folder/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$folder/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:local"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_tcp_service = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$folder/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
END
start containerd containerd --config "$folder/containerd.toml"
start etcd etcd --data-dir "$folder/etcd" --unsafe-no-fsync --listen-client-urls http://$host:2379 --advertise-client-urls http://$host:2379 \
    --listen-peer-urls http://$host:2380

openssl genrsa -out "$folder/pki/accounts.key" 2048 2>/dev/null
(umask 077 && echo "$(openssl rand -hex 16),admin,admin,system:masters" >"$folder/pki/tokens.csv")
# Mutating policies, a beta in 1.34: with them a test gives a namespace's pods users of its own, as other clusters do.
start apiserver "$tools/kube-apiserver" --etcd-servers=http://$host:2379 --cert-dir="$folder/pki" --bind-address=$host --advertise-address=$host \
    --secure-port=6443 --service-account-key-file="$folder/pki/accounts.key" --service-account-signing-key-file="$folder/pki/accounts.key" \
    --service-account-issuer=https://kubernetes.default.svc --token-auth-file="$folder/pki/tokens.csv" --authorization-mode=RBAC \
    --service-cluster-ip-range=10.245.0.0/24 --kubelet-preferred-address-types=InternalIP \
    --feature-gates=MutatingAdmissionPolicy=true --runtime-config=admissionregistration.k8s.io/v1beta1=true
# It signs itself a certificate first of all.
until_ready apiserver 60 test -s "$folder/pki/apiserver.crt"
export KUBECONFIG=$folder/admin.kubeconfig KUBECACHEDIR=$folder/cache
(umask 077 && cat >"$KUBECONFIG") <<END
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "https://$host:6443", certificate-authority: "$folder/pki/apiserver.crt"}}]
users: [{name: admin, user: {token: "$(cut -d, -f1 "$folder/pki/tokens.csv")"}}]
contexts: [{name: local, context: {cluster: local, user: admin}}]
current-context: local
END

cc -O2 -static -o "$folder/image/pause" "$here/pause.c"
/usr/bin/python3 "$here/image.py" localhost/pause:local "$folder/image/pause" "$folder/image/pause.tar"
until_ready containerd 60 ctr --address "$folder/containerd.sock" version
ctr --address "$folder/containerd.sock" --namespace k8s.io images import "$folder/image/pause.tar" >/dev/null

until_ready apiserver 120 "$tools/kubectl" get --raw /readyz
start controllers "$tools/kube-controller-manager" --kubeconfig="$KUBECONFIG" --service-account-private-key-file="$folder/pki/accounts.key" \
    --use-service-account-credentials --leader-elect=false --cert-dir="$folder/pki" --bind-address=$host
start scheduler "$tools/kube-scheduler" --kubeconfig="$KUBECONFIG" --leader-elect=false --cert-dir="$folder/pki" --bind-address=$host
# A kubelet sets these as it likes them; down.sh sets them back.
sysctl vm.overcommit_memory kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes >"$folder/sysctl"
# Kubelet 1.34 still takes a kernel with cgroup v1. Nothing is evicted, and no image collected, for lack of space: the images cannot be pulled again.
cat >"$folder/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $host
healthzPort: 0
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
containerRuntimeEndpoint: unix://$folder/containerd.sock
podLogsDir: $folder/pods
# Mounted Secrets follow within seconds, not within a minute or two.
syncFrequency: 10s
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
featureGates: {KubeletInUserNamespace: true}
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
imageMaximumGCAge: 0s
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
END
# --containerd: or it finds no container to measure, and tells of pods only.
start kubelet "$tools/kubelet" --config="$folder/kubelet.yaml" --containerd="$folder/containerd.sock" --kubeconfig="$KUBECONFIG" --root-dir="$folder/kubelet" --cert-dir="$folder/pki" \
    --hostname-override=node1 --node-ip=$host
until_ready kubelet 120 "$tools/kubectl" wait --for=condition=Ready node/node1 --timeout=1s
until_ready controllers 60 "$tools/kubectl" --namespace default get serviceaccount default
