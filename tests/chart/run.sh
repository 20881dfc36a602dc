#!/usr/bin/env bash
# Tests the chart without a cluster: lint, unit tests, refusals, every feature on every Kubernetes, and that what is made from it is up to date.
# run.sh HELM_FOLDER PAGEHAUL. What was rendered stays in build/chart.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(cd "$1" && pwd)
binary=$(realpath "$2")
rm -rf build/chart

for helm in helm helm4; do
    "$tools/$helm" lint --strict --quiet helm/pagehaul
    for values in helm/pagehaul/ci/*-values.yaml; do
        "$tools/$helm" lint --strict --quiet --kube-version 1.37.0 --values "$values" helm/pagehaul
    done
done

# With Helm 3 alone: helm-unittest is made from its library. What they say of the templates holds for Helm 4 as well, which renders the same (test_matrix.py).
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
"$tools/helm-unittest" --strict --file '../../tests/chart/unit/*_test.yaml' helm/pagehaul >"$log" 2>&1 || failed=1
[ $failed = 0 ] || cat "$log"
# "Tests: 2 failed, 39 passed, 41 total"
awk '/^Tests:/ {for (i = 2; i < NF; i++) {if ($(i+1) ~ /^passed/) p = $i; if ($(i+1) ~ /^(failed|errored)/) f += $i}}
     END {printf "unit (Helm 3 alone, which helm-unittest is made from): %d passed, %d failed\n", p, f}' "$log"
[ $failed = 0 ]

/usr/bin/python3 tests/chart/readme.py --check
/usr/bin/python3 tests/chart/changes.py --check
/usr/bin/python3 deploy/grafana/dashboard.py --check
/usr/bin/python3 tests/chart/files.py --check
/usr/bin/python3 tests/chart/manifests.py "$tools/helm" --check
PAGEHAUL_TOOLS=$tools PAGEHAUL_BINARY=$binary /usr/bin/python3 -m pytest -n "${JOBS:-2}" tests/chart
