#!/usr/bin/env bash
# Clears away what up.sh began in this folder, by process id, but for the logs: down.sh FOLDER. Nothing to do is no error.
set -uo pipefail
[ -d "${1:?down.sh FOLDER}" ] || exit 0
folder=$(cd "$1" && pwd)
bridge=pagehaul-e2e
run() { ctr --address "$folder/containerd.sock" --namespace k8s.io "$@"; }

# stop NAME: politely, for at most 20 s.
stop() {
    local pid
    pid=$(cat "$folder/pid/$1" 2>/dev/null) || return 0
    # A number that belongs to somebody else by now is left alone.
    if grep -qsF "$folder" "/proc/$pid/cmdline" || grep -qsF "$folder" "/proc/$pid/environ"; then
        kill "$pid"
        for _ in $(seq 200); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null
    fi
    rm -f "$folder/pid/$1"
}

# First who would start containers again; then the containers; then who ran them.
for name in kubelet scheduler controllers; do
    stop $name &
done
wait
stop apiserver
stop etcd
if [ -e "$folder/pid/containerd" ]; then
    for task in $(run tasks list --quiet 2>/dev/null); do
        run tasks delete --force "$task" >/dev/null 2>&1
    done
fi
stop containerd
awk -v folder="$folder/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount --lazy
if [ -e "$folder/bridge" ]; then
    ip link delete $bridge 2>/dev/null
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null
    rm -f "$folder/bridge"
fi
if [ -e "$folder/sysctl" ]; then
    sysctl --quiet --load="$folder/sysctl" 2>/dev/null
    rm "$folder/sysctl"
fi
# What containerd and kubelet keep in places of their own, whatever they are told.
find /var/log/containers -type l -lname "$folder/*" -delete 2>/dev/null
find /var/lib/cni/results -type f -exec grep -lsF "\"$bridge\"" {} + 2>/dev/null | xargs -r rm -f
rm -rf "$folder"/{containerd,etcd,kubelet,cni,pki,image,pid,pods} "$folder/admin.kubeconfig"
exit 0
