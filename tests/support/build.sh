#!/usr/bin/env bash
# Configures a preset where needed and builds it: build.sh PRESET [TARGET...]. On two jobs: the preset says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Another clone, another build folder and the image's build find what this one has compiled: ccache looks at the locale too.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 LANG=C.UTF-8
unset LC_ALL LC_CTYPE LC_MESSAGES
preset=$1
shift
if [ ! -f "build/$preset/build.ninja" ]; then
    log=$(cmake --preset "$preset" 2>&1) || { echo "$log"; exit 1; }
fi
# Test discovery runs what was built; ThreadSanitizer wants plain addresses (unit.sh).
wrapper=()
if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then wrapper=(setarch -R); fi
exec "${wrapper[@]}" cmake --build --preset "$preset" ${@:+--target "$@"}
