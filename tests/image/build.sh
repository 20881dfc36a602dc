#!/usr/bin/env bash
# Builds the image with buildah, without a daemon and without privileges beyond root's: build.sh [TAG [ARCHITECTURE]]; default
# localhost/pagehaul:dev for this machine's; another one (arm64) is cross-compiled.
# The base is what packages.sh has put into local storage; PAGEHAUL_BASE=NAME@sha256:… names another.
# The compiler's cache is this machine's own, which `make release` fills too; PAGEHAUL_IMAGE_CACHE names another folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
tag=${1:-localhost/pagehaul:dev}
architecture=${2:-$(dpkg --print-architecture)}
mkdir -p build/image
cache=${PAGEHAUL_IMAGE_CACHE:-$(ccache --get-config cache_dir 2>/dev/null || echo build/image/ccache)}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

base=${PAGEHAUL_BASE:-$(tests/image/packages.sh)}
version=$(sed -nE 's/^project\(pagehaul VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# A folder of ours in the place of the builder's own cache.
sed 's/--mount=type=cache,id=pagehaul-ccache,target=\/ccache//' Dockerfile >build/image/Dockerfile
buildah bud --isolation=chroot --layers --ignorefile .dockerignore --volume "$cache:/ccache" --platform "linux/$architecture" \
    --build-arg BASE="$base" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
    --tag "$tag" --file build/image/Dockerfile .
