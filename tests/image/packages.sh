#!/usr/bin/env bash
# What the image's build needs of others, into local storage: its base debian:bookworm-slim, which Debian's own packages make
# (debootstrap) where there is none. Prints the base's name with its digest, which the image's list of parts records.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=localhost/debian:bookworm-slim
mkdir -p build/image
exec 9>build/image/.lock
flock 9
if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    root=$(mktemp -d)
    trap 'rm -rf "$root" "$root.log"' EXIT
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$root.log" || { cat "$root.log" >&2; exit 1; }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -c . | podman import - "$base" >/dev/null 9>&-
fi
echo "$base@$(buildah inspect --type image --format '{{.FromImageDigest}}' "$base")"
