#!/usr/bin/env bash
# Installs what a group of targets needs from Debian 12: deps.sh GROUP... with the groups build, demo, lint, fuzz, test, observability, postgres, container,
# image, coverage, cluster, release; build:arm64 is `build` for programs of that architecture, by Debian's name, on a machine of another.
# Nothing missing: returns in milliseconds, needs no rights and no network. Starts no service and leaves none running.
set -euo pipefail

tools="make cmake ninja-build ccache pkg-config binutils libexpected-dev libcli11-dev nlohmann-json3-dev tzdata ca-certificates"
libraries="libcurl4-openssl-dev libcpprest-dev libpqxx-dev prometheus-cpp-dev libyaml-cpp-dev libspdlog-dev libsimdjson-dev libhowardhinnant-date-dev
    libxxhash-dev libre2-dev librabbitmq-dev librdkafka-dev libssl-dev zlib1g-dev libgtest-dev libgmock-dev"
build="g++ $tools $libraries"
demo="postgresql prometheus-pushgateway python3"
lint="clang-format clang-tidy git"
# libFuzzer, the sanitizers' runtimes, and what gives a find's frames their names.
fuzz="clang libclang-rt-14-dev llvm"
# RabbitMQ and docker-registry are Debian's; Kafka, and what stands for SQS, come from Maven Central, others by tests/functional/servers/build.sh.
test="$demo python3-pytest python3-pytest-xdist python3-psycopg2 python3-jsonschema python3-yaml python3-venv rabbitmq-server docker-registry default-jre-headless maven pgbouncer openssl curl valgrind"
# A real Prometheus beside the tests' other servers, with promtool, and a browser that looks at the report as a person does.
observability="$test prometheus prometheus-alertmanager chromium chromium-driver python3-selenium fonts-dejavu-core"
# PostgreSQL of other major versions comes from Maven Central.
postgres="maven xz-utils"
# For the one test that runs the binary inside a container with real limits.
container="podman runc"
image="buildah podman runc debootstrap ca-certificates git openssl iproute2 python3-pytest"
coverage="gcovr"
# A Kubernetes of one node: what it runs on that is not its own, and what watches it.
cluster="prometheus containerd runc containernetworking-plugins etcd-server buildah iproute2 openssl gcc libc6-dev"
# What is released: Debian's way to find a package's dependencies, the shells that the completions are for, what carries images and
# artefacts, and what starts programs of another architecture.
release="dpkg-dev python3 python3-pytest bash zsh fish man-db groff-base skopeo docker-registry qemu-user-static"

# build_for ARCHITECTURE: the group `build` for its programs. dpkg's table has the name that GNU has for its processor.
own=$(dpkg --print-architecture 2>/dev/null || true)
foreign=
build_for() {
    local processor compiler
    read -r -d '' -a packages <<<"$build" || true
    [ -n "$1" ] && [ "$1" != "$own" ] || return 0
    processor=$(awk -v name="$1" '$1 == name {print $2}' /usr/share/dpkg/cputable)
    [ -n "$processor" ] || { echo "deps.sh: unknown architecture '$1': expected one of dpkg's, such as amd64 or arm64" >&2; exit 64; }
    foreign=$1 compiler=g++-${processor//_/-}-linux-gnu
    read -r -d '' -a packages <<<"$compiler $tools $(printf "%s:$1 " $libraries)" || true
}

wanted=()
for group in "$@"; do
    case $group in
        build | demo | lint | fuzz | test | observability | postgres | container | image | coverage | cluster | release) read -r -d '' -a packages <<<"${!group}" || true ;;
        build:*) build_for "${group#build:}" ;;
        *) echo "deps.sh: unknown group '$group': expected build, demo, lint, fuzz, test, observability, postgres, container, image, coverage, cluster or release" >&2; exit 64 ;;
    esac
    wanted+=("${packages[@]}")
done

command -v dpkg-query >/dev/null || { echo "deps.sh: this is not Debian: please install what corresponds to: ${wanted[*]}" >&2; exit 1; }
find_missing() {
    local installed package
    installed=" $(dpkg-query -W -f='${Package}/${db:Status-Status} ${Package}:${Architecture}/${db:Status-Status} ' "${wanted[@]}" 2>/dev/null || true) "
    missing=()
    for package in "${wanted[@]}"; do
        [[ $installed == *" $package/installed "* || " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
    done
}
find_missing
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    # Only a terminal can be asked for a password.
    ask=$([ -t 0 ] || echo -n)
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        exec sudo $ask bash "$0" "$@"
    fi
    echo "Missing packages, and no rights to install them. As root, please run:" >&2
    echo "    bash $0 $*        # installs: ${missing[*]}" >&2
    exit 1
fi

# Two may want some at once: the second waits and sees what is missing still.
exec 9</var/lib/dpkg
flock 9
find_missing
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" </dev/null 9>&-; }
install() { apt install -y --no-install-recommends "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

# While packages are set up: a policy that lets no service start, and a configuration that creates no PostgreSQL cluster.
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
kept=$(mktemp -d)
log=$kept/apt.log
[ ! -e $policy ] || cp -a $policy "$kept/policy"
restore() {
    rm -f $policy
    [ ! -e "$kept/policy" ] || cp -a "$kept/policy" $policy
    [ ! -e "$kept/clusters" ] || cp -a "$kept/clusters" $clusters
    rm -rf "$kept"
}
trap restore EXIT
trap 'exit 130' INT TERM
printf '#!/bin/sh\nexit 101\n' >$policy
chmod 755 $policy

[ -z "$foreign" ] || dpkg --add-architecture "$foreign"
apt update
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    install postgresql-common  # owns the configuration file: written before, dpkg would ask which one to keep
    cp -a $clusters "$kept/clusters"
    echo "create_main_cluster = false" >>$clusters
fi
install "${missing[@]}"
