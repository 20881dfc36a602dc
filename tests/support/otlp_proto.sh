#!/usr/bin/env bash
# Prints the folder with OpenTelemetry's published protobuf messages for Python; the first call fetches them from PyPI. Under build/.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=build/otlp-venv
requirements=tests/functional/otlp-requirements.txt
mkdir -p build
exec 9>build/otlp-venv.lock
flock 9
# The copy of the requirements is what was installed, whole: it is written last.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$venv/requirements.txt"
fi
"$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
