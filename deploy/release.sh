#!/usr/bin/env bash
# Makes what a release consists of in build/release-artifacts: release.sh [ARCHITECTURE...], by Debian's names; default amd64 arm64.
#
#   pagehaul-VERSION.oci.tar                 the image: an OCI index of one for each ARCHITECTURE
#   pagehaul-VERSION-ARCHITECTURE.cdx.json   what each of them is made of (CycloneDX), as it also stands in it
#   pagehaul-chart-VERSION.tgz and .oci.tar  the chart, and the OCI artefact that `helm push` makes of it
#   pagehaul_VERSION-1_ARCHITECTURE.deb      the Debian package, for this machine's own architecture
#   SHA256SUMS                               of all of them
#
# Publishes nothing: CONTRIBUTING.md says how to. Run again, it replaces them, and only when all are made. PAGEHAUL_BASE is the
# image that is built in, as for tests/image/build.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "release.sh: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "only root builds images without a daemon: run it as root, or in a container of its own"
architectures=("$@")
[ $# -gt 0 ] || architectures=(amd64 arm64)

version=$(sed -nE 's/^project\(pagehaul VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
chart_version=$(sed -n 's/^version: //p' helm/pagehaul/Chart.yaml)
revision=$(git rev-parse HEAD)
tags=$(git tag --points-at HEAD --list 'v*')
if [ -n "$tags" ]; then
    [ "$tags" = "v$version" ] || fail "this commit is tagged ${tags//$'\n'/, }, and CMakeLists.txt says $version: expected v$version alone"
    grep -qF "## [$version]" CHANGELOG.md || fail "CHANGELOG.md has no section [$version]"
    changed=$(git status --porcelain --untracked-files=no)
    [ -z "$changed" ] || fail "files differ from the tagged commit: ${changed//$'\n'/, }"
else
    echo "Not a release: commit ${revision:0:12} bears no tag v$version" >&2
fi
# The time that archives bear is the commit's.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

mkdir -p build
work=$(mktemp -d "$PWD/build/release-artifacts.XXXXXX")
registry=
end() {
    [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM
out=$work/out
mkdir "$out"

# quietly COMMAND...: what it prints is shown where it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$1 failed"; }; }

package() {
    quietly cmake --preset release -DPAGEHAUL_PACKAGE=ON
    tests/support/build.sh release pagehaul package_texts
    quietly cpack --config build/release/CPackConfig.cmake -B "$work/package"
    mv "$work"/package/*.deb "$out"
}

image() {
    local architecture tag container index=localhost/pagehaul:$version
    buildah manifest rm "$index" >/dev/null 2>&1 || true
    quietly buildah manifest create "$index"
    for architecture in "${architectures[@]}"; do
        tag=localhost/pagehaul:$version-$architecture
        tests/image/build.sh "$tag" "$architecture"
        quietly buildah manifest add "$index" "containers-storage:$tag"
        container=$(buildah from --pull-never --platform "linux/$architecture" "$tag")
        cp "$(buildah mount "$container")/usr/share/doc/pagehaul/sbom.cdx.json" "$out/pagehaul-$version-$architecture.cdx.json"
        quietly buildah rm "$container"
    done
    quietly buildah manifest push --all "$index" "oci:$work/image:$version"
    tar --create --file "$out/pagehaul-$version.oci.tar" --directory "$work/image" --sort=name --owner=0 --group=0 --numeric-owner \
        --mtime="@$SOURCE_DATE_EPOCH" --mode=u=rwX,go=rX .
}

# What Helm makes of the chart is taken from a registry that lives as long as this takes.
chart() {
    local helm address
    helm=$(tests/chart/tools.sh)/helm
    quietly "$helm" package helm/pagehaul --destination "$work/chart"
    printf '%s\n' 'version: 0.1' "storage: {filesystem: {rootdirectory: $work/registry}}" 'http: {addr: "127.0.0.1:0"}' \
        'log: {accesslog: {disabled: true}}' >"$work/registry.yml"
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
    registry=$!
    until address=$(grep -o 'listening on [0-9.:]*' "$work/registry.log"); do
        kill -0 "$registry" 2>/dev/null || fail "the registry did not start: $(cat "$work/registry.log")"
        sleep 0.1
    done
    address=${address##* }
    quietly "$helm" push "$work"/chart/*.tgz "oci://$address/charts" --plain-http
    quietly skopeo copy --src-tls-verify=false "docker://$address/charts/pagehaul:$chart_version" \
        "oci-archive:$out/pagehaul-chart-$chart_version.oci.tar:$chart_version"
    mv "$work"/chart/*.tgz "$out/pagehaul-chart-$chart_version.tgz"
}

package
image
chart
(cd "$out" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
rm -rf build/release-artifacts
mv "$out" build/release-artifacts
(cd build/release-artifacts && stat --format '%12s  build/release-artifacts/%n' -- *)
