#!/usr/bin/env bash
# What a program needs beside itself to be started: libraries.sh PROGRAM prints the paths of its loader and of all its shared
# libraries, each where that loader looks for it.
#
# As `ldd` does, but nothing is run: the program may be of another architecture than this machine, of any that Debian's
# folders of libraries are for.
set -euo pipefail
loader=$(readelf --program-headers "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
[ -n "$loader" ] || { echo "libraries.sh: $1: expected a program that has a loader" >&2; exit 1; }
triplet=$(basename "$(dirname "$(readlink -f "$loader")")")
echo "$loader"

declare -A seen=([$(basename "$loader")]=1)
# list FILE: what it names, and what that names.
list() {
    local name folder path
    for name in $(readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        [ -z "${seen[$name]-}" ] || continue
        seen[$name]=1 path=
        for folder in "/lib/$triplet" "/usr/lib/$triplet"; do
            [ -n "$path" ] || [ ! -e "$folder/$name" ] || path=$folder/$name
        done
        [ -n "$path" ] || { echo "libraries.sh: $1 needs $name, which is neither in /lib/$triplet nor in /usr/lib/$triplet" >&2; exit 1; }
        echo "$path"
        list "$path"
    done
}
list "$1"
