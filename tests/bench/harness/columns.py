"""The one table that every contender fills, and what it must hold in the end."""

import decimal
import json
import pathlib

FILE = pathlib.Path(__file__).resolve().parents[1] / "columns.json"
COLUMNS = json.loads(FILE.read_text(encoding="utf-8"))
KEY = ("advertiser_id", "creativity_id")
SCHEMA = "report"
TABLE = "creative"

DDL = (f"CREATE SCHEMA {SCHEMA};\nCREATE TABLE {SCHEMA}.{TABLE} (\n"
       + ",\n".join(f'  "{c["name"]}" {c["type"]}' + (" NOT NULL" if c["name"] in KEY else "") for c in COLUMNS)
       + ",\n  PRIMARY KEY (" + ", ".join(KEY) + "))")

# Enough of the content that a wrong conversion, a lost and a doubled row all show.
_SUMS = ("fee", "impression", "ctr", "like", "collect")
CHECK = (f"SELECT count(*), count(DISTINCT creativity_id), count(acp), max(updated_at)::text, "
         + ", ".join(f'sum("{name}")' for name in _SUMS) + f" FROM {SCHEMA}.{TABLE}")


def expected(lines):
    """CHECK's row, computed from the API's own rows (NDJSON lines)."""
    rules = {c["name"]: (str.maketrans("", "", c.get("strip", "")), set(c.get("null_if", ()))) for c in COLUMNS}
    rows, ids, acps, latest = 0, set(), 0, ""
    sums = dict.fromkeys(_SUMS, decimal.Decimal(0))
    for line in lines:
        record = json.loads(line)
        rows += 1
        ids.add(record["creativity_id"])
        acps += record["acp"] not in rules["acp"][1]
        latest = max(latest, record["updated_at"])
        for name in _SUMS:
            strip, nulls = rules[name]
            if record[name] not in nulls:
                sums[name] += decimal.Decimal(record[name].translate(strip))
    return (rows, len(ids), acps, latest, *sums.values())
