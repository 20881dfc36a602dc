"""append_fraction, replace_fraction: what it costs that rows wait for their slice's proof, without a key, as such tables are."""

import dataclasses
import json

from . import contenders
from .bench import Value, median
from .columns import SCHEMA, TABLE
from .mock import Mock

# Ten days, say: while a slice goes into the table others are pulled. Of a single one nothing does.
SLICES = tuple(str(number) for number in range(1, 11))
ROWS = 30_000
KEYS = {"append": "append_fraction", "replace_slice": "replace_fraction"}


def _contender(bench, mock, mode):
    contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn)
    file = contender.argv[-1]
    config = json.loads(file.read_text(encoding="utf-8"))
    config["source"]["slices"] = {"advertiser_id": list(SLICES)}
    config["source"]["request"]["body"]["advertiser_id"] = "{{ slice.advertiser_id }}"
    for column in config["sink"]["columns"]:
        if column["name"] == "advertiser_id":
            column["value"] = "{{ slice.advertiser_id }}"
    if mode != "upsert":
        config["sink"] |= {"mode": mode}
        del config["sink"]["key"]
    file.write_text(json.dumps(config), encoding="utf-8")
    return dataclasses.replace(contender, name=mode)


def _pull(bench, mock, mode):
    contender = _contender(bench, mock, mode)
    bench.prepare(contender, mock)
    if mode != "upsert":
        bench.cluster.query(f"ALTER TABLE {SCHEMA}.{TABLE} DROP CONSTRAINT {TABLE}_pkey")
    if mode == "replace_slice":  # as the README advises: which rows a slice has is asked of the table
        bench.cluster.query(f"CREATE INDEX ON {SCHEMA}.{TABLE} (advertiser_id)")
    measured = bench.start(contender).wait()
    bench.verify(contender.name, ROWS, SLICES)
    return ROWS * len(SLICES) / measured.seconds


def fractions(bench, keys):
    modes = ["upsert", *(mode for mode, key in KEYS.items() if key in keys)]
    rates = {mode: [] for mode in modes}
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        for number in range(1, bench.rounds + 1):
            for mode, of in rates.items():
                of.append(_pull(bench, mock, mode))
                bench.say(f"  round {number}  {mode:<13} {of[-1]:>10,.0f} rows/s")
    upsert = median(rates["upsert"])
    found = {}
    for mode in modes[1:]:
        rate = median(rates[mode])
        found[KEYS[mode]] = Value(rate.value / upsert.value, tuple(a / b for a, b in zip(rate.rounds, upsert.rounds)),
                                  f"{rate.value:,.0f} / {upsert.value:,.0f} rows/s")
    return found, []
