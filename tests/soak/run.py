#!/usr/bin/python3
"""Endurance: one run of very many small pages in 128 MiB, among faults: run.py [--minutes N].

10,000 pages a minute; one page in fifty fails at first, and every fifteen seconds the database's connections are cut. Exits 1 unless memory, descriptors
and threads are as high at the end as behind the first tenth, the last tenth is as quick as the first and costs as much CPU, and every row is there.
"""

import argparse
import pathlib
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functional"), str(HERE.parent)]

from bench.harness.cgroup import limited  # noqa: E402
from harness.ending import summary  # noqa: E402
from harness.mockapi import MockApi  # noqa: E402
from harness.oracle import assert_table_equals_oracle  # noqa: E402
from harness.pagehaul import Pagehaul  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.proxy import Proxy  # noqa: E402
from samples import Sampler, judge  # noqa: E402

BUILD = HERE.parents[1] / "build" / "release"
LIMIT_MIB = 128
PAGE_SIZE, PAGES_A_MINUTE = 10, 10_000
# So many requests at once and so long an answer give the pace, with room for the faults: 6 / 0.03 s is 12,000 a minute.
CONCURRENCY, LATENCY = 6, "30ms"
SECONDS_BETWEEN_CUTS = 15


def cut_now_and_then(proxy, over):
    while not over.wait(SECONDS_BETWEEN_CUTS):
        proxy.cut()


def soak(minutes, group, directory):
    """Returns lines of what was wrong."""
    pages = minutes * PAGES_A_MINUTE
    cluster = Postgres()
    over = threading.Event()
    api = proxy = None
    try:
        cluster.start()
        db = cluster.create_database()
        api = MockApi(BUILD / "mockapi", directory, rows=pages * PAGE_SIZE, latency=LATENCY, fault_rate=0.02, fault_tries=2, retry_after="none",
                      faults=["500", "503", "429", "reset", "short", "truncated", "badjson"])
        proxy = Proxy(cluster.host, cluster.port)
        runner = Pagehaul(BUILD / "pagehaul", directory, api)
        runner.env["DATABASE_URL"] = db.dsn_through(proxy.host, proxy.port)
        runner.configure(source={"pagination": {"size": PAGE_SIZE}, "limits": {"concurrency": CONCURRENCY}}, run={"deadline": f"{2 * minutes + 5}m"})
        run = runner.start(prefix=["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"])
        threading.Thread(target=cut_now_and_then, args=(proxy, over), daemon=True).start()
        with Sampler(run.pid, lambda: api.stats()["requests"]) as sampler:
            result = run.result(timeout=120 * minutes + 300)
        over.set()
        wrong = judge(sampler.samples)
        if result.code != 0:
            return [*wrong, str(result)]
        line = summary(result)
        print(f"{line['pages_done']:,} pages, {line['retries']:,} retries, {line['duration_ms'] / 1000:.0f} s, proven by {line['proof']}")
        assert_table_equals_oracle(db, api)
        return wrong
    finally:
        over.set()
        for server in (proxy, api, cluster):
            if server is not None:
                server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=10)
    options = parser.parse_args()
    with limited(LIMIT_MIB) as (group, reason), tempfile.TemporaryDirectory(prefix="pagehaul-soak-") as directory:
        if reason:
            raise SystemExit(f"soak: {reason}")
        wrong = soak(options.minutes, group, directory)
    print("\n".join([*wrong, f"soak: {'NOT ' if wrong else ''}steady over {options.minutes} minutes in {LIMIT_MIB} MiB"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
