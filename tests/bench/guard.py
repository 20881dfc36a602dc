#!/usr/bin/python3
"""Counts the instructions that a page and a commit take and compares them with baseline.json beside this file: more by 5 % fails.

    guard.py            compares
    guard.py --write    keeps what is counted as the new baseline; commit it with the reason
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from harness import contenders, instructions
from harness.cluster import Cluster
from harness.mock import Mock

BASELINE = pathlib.Path(__file__).with_name("baseline.json")
PAGE_SIZE = 100
# Page after page as fast as they come, many to a commit; and so far apart that most have one of their own.
ROWS, SLOW_ROWS, SLOW = 30_000, 10_000, "60ms"
# The least of them: how an answer falls into pieces is chance.
RUNS = 3
ALLOWED = 1.05


def counted(cluster):
    with tempfile.TemporaryDirectory(prefix="pagehaul-guard-") as directory:
        fast = [run(cluster, directory, ROWS, None) for _ in range(RUNS)]
        slow = run(cluster, directory, SLOW_ROWS, SLOW)
    a_commit, a_page = instructions.shares(min(fast, key=lambda one: one.commits), slow)
    found = {"decode": min(one.decode / one.pages for one in fast), "exchange": min(one.exchange / one.pages for one in fast),
             "a page in a commit": a_page, "a commit": a_commit}
    return {step: round(value) for step, value in found.items()}


def run(cluster, directory, rows, latency):
    with Mock(contenders.MOCKAPI, rows, **({"latency": latency} if latency else {})) as mock:
        contender = contenders.pagehaul(directory, mock.url, cluster.dsn, limits={"concurrency": 1}, run={"workers": 1, "writers": 1})
        cluster.fresh()
        subprocess.run(contender.prepare, env={**os.environ, **contender.env}, check=True, stdout=subprocess.DEVNULL)
        return instructions.count(contender, rows // PAGE_SIZE, directory)


def main():
    cluster = Cluster()
    try:
        found = counted(cluster)
    finally:
        cluster.close()
    if "--write" in sys.argv[1:]:
        BASELINE.write_text(json.dumps({"instructions": found}, indent=2) + "\n")
    kept = json.loads(BASELINE.read_text())["instructions"]
    over = 0
    for step, now in found.items():
        ratio = now / kept[step]
        over += ratio > ALLOWED
        print(f"{step:20} {now:>11,} instructions, {kept[step]:>11,} kept: {(ratio - 1) * 100:+.1f} %{'  TOO MANY' if ratio > ALLOWED else ''}")
    print(f"guard: {len(found) - over} held, {over} over by more than {(ALLOWED - 1) * 100:.0f} %")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
