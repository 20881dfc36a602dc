"""children: what it costs that each page is a slice of its own, which another stream's record has made."""

import json

from . import contenders
from .bench import Value, median
from .columns import SCHEMA
from .mock import Mock

CHILDREN, ROWS = 100_000, 10
PARENTS = CHILDREN // ROWS
_COLUMNS = ("advertiser_id", "date", "creativity_id", "fee")
_KEY = ["advertiser_id", "date", "creativity_id"]


def _one_slice(bench, mock):
    config = contenders.pipeline(mock.url, bench.cluster.dsn)
    config["source"]["pagination"] |= {"size": ROWS, "max_pages": CHILDREN}
    _few_columns(config["sink"])
    return contenders.configured(bench.directory, "one-slice", contenders.PAGEHAUL, ("run",), config, prepare=("migrate",))


def _children(bench, mock):
    """Parents of one page each, without a table; a record of theirs is an advertiser whose report is one page."""
    config = contenders.pipeline(mock.url, bench.cluster.dsn)
    source, sink = config["source"], config["sink"]
    _few_columns(sink)
    stream = {"request": json.loads(json.dumps(source.pop("request"))), "pagination": source.pop("pagination"), "records": source.pop("records")}
    stream["request"]["body"]["advertiser_id"] = "{{ slice.advertiser_id }}"
    config["streams"] = {
        "parents": {**stream, "slices": {"advertiser_id": list(range(1, PARENTS + 1))}, "store": False},
        "children": {**stream, "slices": {"advertiser_id": {"stream": "parents", "from": "/creativity_id"}},
                     **{key: sink.pop(key) for key in ("table", "key", "columns", "mode")}}}
    return contenders.configured(bench.directory, "children", contenders.PAGEHAUL, ("run",), config, prepare=("migrate",))


def _few_columns(sink):
    sink |= {"table": f"{SCHEMA}.children", "key": _KEY}
    sink["columns"] = [column for column in sink["columns"] if column["name"] in _COLUMNS]


def _rate(bench, contender, mock, slices):
    bench.prepare(contender, mock)
    measured = bench.start(contender).wait(timeout=900)
    summary = next(entry for entry in map(json.loads, reversed(measured.stderr.splitlines())) if entry["msg"] == "summary")
    # Some advertisers of the mock API share a creative, so a few parents make the same child.
    if summary["verdict"] != "succeeded" or summary["slices_proven"] < 0.99 * slices:
        raise SystemExit(f"{contender.name}: {summary}")
    rows = bench.cluster.query(f"SELECT count(*) FROM {SCHEMA}.children")[0][0]
    expected = (summary["slices_proven"] - PARENTS) * ROWS if slices > 1 else CHILDREN * ROWS
    if rows != expected:
        raise SystemExit(f"{contender.name} stored {rows} rows, expected {expected}")
    rate = mock.stats()["requests"] / measured.seconds
    bench.say(f"  {contender.name:<10} {mock.stats()['requests']:>8,} requests, {rate:>7,.0f} a second, {measured.cpu_us / summary['pages_done']:.0f} us CPU a page, "
              f"{measured.maxrss_kib / 1024:.0f} MiB")
    mock.clear()
    return rate


def children(bench, _keys):
    one, many = [], []
    for _ in range(bench.rounds):
        with Mock(contenders.MOCKAPI, CHILDREN * ROWS, prerender=0) as mock:
            one.append(_rate(bench, _one_slice(bench, mock), mock, 1))
        with Mock(contenders.MOCKAPI, ROWS, prerender=0) as mock:
            many.append(_rate(bench, _children(bench, mock), mock, PARENTS + CHILDREN))
    before, now = median(one), median(many)
    return {"children": Value(now.value / before.value, tuple(b / a for a, b in zip(one, many)),
                              f"{now.value:,.0f} / {before.value:,.0f} requests/s")}, []
