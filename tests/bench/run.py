#!/usr/bin/python3
"""Measures pagehaul against its bounds and its peers: one run after another on one throwaway PostgreSQL, medians of the rounds.

Exits 1 when a bound is missed, a peer looks crippled or a contender stored other rows than the API has. tests/bench/run.sh builds
what this needs; Debian's python3 with python3-psycopg2 runs it.
"""

import argparse
import os
import pathlib
import sys
import tempfile

from harness import brokers, children, distance, idling, modes, reaction, report, resources, scale, sharing, telemetry, throughput, waiting
from harness.bench import Bench
from harness.cluster import Cluster
from harness.contenders import ROOT

# In the order in which they are measured: what takes milliseconds comes first.
GROUPS = (
    (("startup_ms",), reaction.startup),
    (("sigterm_ms",), reaction.sigterm),
    (("ratio_vs_go_pool_300k", "ratio_vs_dlt", "fraction_of_copy_wall_300k"), throughput.small),
    (("ratio_vs_go_pool", "fraction_of_copy_wall", "repull_ratio", "repull_wal_bytes", "repull_vs_go_pool"), throughput.large),
    (("append_fraction", "replace_fraction"), modes.fractions),
    (("remote_fraction",), distance.remote),
    (("cpu_us_per_page",), resources.cpu),
    (("telemetry_cpu_ratio",), telemetry.cpu),
    (("rss_mib", "rss_growth"), resources.memory),
    (("rate_limit_efficiency",), waiting.rate_limit),
    (("shared_rate_error",), waiting.shared_rate),
    (("latency_efficiency",), waiting.latency),
    (("cursor_efficiency",), waiting.cursor),
    (("children",), children.children),
    (("scaling_efficiency",), sharing.scaling),
    (("crowd_efficiency",), sharing.crowd),
    (("idle_cost",), idling.cost),
    (("queue_overhead",), brokers.overhead),
)
SCALE_GROUPS = ((report.SCALE, scale.measure),)
KEYS = [bound.key for bound in report.BOUNDS if bound.key not in report.SCALE]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", action="store_true", help="only what very many pages and slices cost: " + ", ".join(report.SCALE))
    parser.add_argument("--only", default=",".join(KEYS), metavar="KEY,KEY", help="figures to measure: " + ", ".join(KEYS))
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--json", default=str(ROOT / "build" / "bench.json"), help="default build/bench.json")
    options = parser.parse_args()
    options.only = [key for key in options.only.split(",") if key]
    for key in options.only:
        if key not in KEYS:
            parser.error(f"--only: expected some of {', '.join(KEYS)}, got {key}")
    if options.scale:
        options.only = list(report.SCALE)
    options.json = os.path.abspath(options.json)
    if options.rounds < 1:
        parser.error("--rounds: expected at least 1")
    return options


def measure_all(options, cluster):
    results, problems = {}, []
    with tempfile.TemporaryDirectory(prefix="pagehaul-bench-") as directory:
        bench = Bench(cluster, options.rounds, pathlib.Path(directory))
        for keys, measure in SCALE_GROUPS if options.scale else GROUPS:
            wanted = [key for key in keys if key in options.only]
            if not wanted:
                continue
            print("\n" + ", ".join(wanted), flush=True)
            found, wrong = measure(bench, wanted)
            results |= found
            problems += wrong
    return results, problems


def main():
    options = arguments()
    os.chdir("/")
    cluster = Cluster()
    try:
        facts = report.environment(cluster)
        report.print_environment(facts)
        results, problems = measure_all(options, cluster)
    finally:
        cluster.close()
    held = report.print_table(results)
    for problem in problems:
        print(f"PROBLEM  {problem}")
    report.write_json(options.json, facts, results, problems)
    return 0 if held and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
