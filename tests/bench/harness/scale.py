"""ledger_growth_pages, ledger_growth_slices, poll_ms, scale_rss_mib: what a page costs when there are very many.

Not part of the other figures: run.py --scale. One round each, and few columns: what grows here is the ledger.
"""

import json

from . import contenders
from .bench import Value
from .cgroup import limited
from .mock import Mock
from .resources import LIMIT_MIB

FEW_PAGES, MANY_PAGES = 10_000, 1_000_000
FEW_SLICES, MANY_SLICES = 1_000, 100_000
PAGE_SIZE = 10
_COLUMNS = ("advertiser_id", "date", "creativity_id", "fee")
_KEY = ["advertiser_id", "date", "creativity_id"]


class Pulled:
    """One run: CPU of process and database a page, its longest poll and its peak memory."""

    def __init__(self, bench, mock, pages, slices, group):
        bench.cluster.fresh()
        contender = _contender(bench.directory, mock.url, bench.cluster.dsn, slices)
        began = bench.cluster.cpu_us()
        measured = bench.start(contender, cgroup=group).wait(timeout=1800)
        self.database_us = (bench.cluster.cpu_us() - began) / pages
        self.process_us = measured.cpu_us / pages
        self.rss_mib = measured.maxrss_kib / 1024
        summary = _summary(measured.stderr)
        self.poll_ms = summary["longest_poll_ms"]
        if summary["pages_done"] != pages:
            raise SystemExit(f"stored {summary['pages_done']} pages, expected {pages}")
        bench.say(f"  {pages:>9,} pages, {max(slices, 1):>7,} slices  {self.process_us:5.0f} us process + {self.database_us:5.0f} us database "
                  f"a page, longest poll {self.poll_ms} ms, {self.rss_mib:.1f} MiB, {pages / measured.seconds:,.0f} pages/s")

    @property
    def cpu_us(self):
        return self.process_us + self.database_us


def _contender(directory, api, dsn, slices):
    config = contenders.pipeline(api, dsn)
    config["source"]["pagination"] |= {"size": PAGE_SIZE, "max_pages": MANY_PAGES}
    if slices:
        # A date and an advertiser: two short lists.
        config["source"]["slices"] = {"advertiser_id": list(range(1, slices // 100 + 1)),
                                      "date": {"from": "2026-01-01", "to": "2026-04-10", "step": "1d", "zone": "UTC"}}
        config["source"]["request"]["body"] |= {"advertiser_id": "{{ slice.advertiser_id }}", "start_date": "{{ slice.date }}",
                                                "end_date": "{{ slice.date }}"}
    sink = config["sink"]
    sink["table"] = f"{contenders.SCHEMA}.scale"
    sink["key"] = _KEY
    sink["columns"] = [column for column in sink["columns"] if column["name"] in _COLUMNS]
    return contenders.configured(directory, f"scale-{slices}", contenders.PAGEHAUL, ("run",), config)


def _summary(stderr):
    for line in reversed(stderr.splitlines()):
        entry = json.loads(line)
        if entry["msg"] == "summary":
            return entry
    raise SystemExit(f"no summary in the log:\n{stderr[-2000:]}")


def measure(bench, keys):
    with limited(LIMIT_MIB) as (group, reason):
        results = _measure(bench, group)
    if reason:
        results["scale_rss_mib"] = Value(None, note=reason)
    return {key: value for key, value in results.items() if key in keys}, []


def _measure(bench, group):
    results = {}
    with Mock(contenders.MOCKAPI, FEW_PAGES * PAGE_SIZE, prerender=0) as mock:
        few = Pulled(bench, mock, FEW_PAGES, 0, group)
    with Mock(contenders.MOCKAPI, MANY_PAGES * PAGE_SIZE, prerender=0) as mock:
        many = Pulled(bench, mock, MANY_PAGES, 0, group)
    results["ledger_growth_pages"] = Value(many.cpu_us / few.cpu_us)
    results["scale_rss_mib"] = Value(many.rss_mib)
    with Mock(contenders.MOCKAPI, 2 * PAGE_SIZE, prerender=0) as mock:
        few_slices = Pulled(bench, mock, 2 * FEW_SLICES, FEW_SLICES, group)
        many_slices = Pulled(bench, mock, 2 * MANY_SLICES, MANY_SLICES, group)
    results["ledger_growth_slices"] = Value(many_slices.cpu_us / few_slices.cpu_us)
    results["poll_ms"] = Value(max(many.poll_ms, many_slices.poll_ms))
    return results
