"""What the table must hold, computed from the API's own rows by an independent implementation of the column rules."""

import datetime
import decimal
import json
import re
import uuid

from .pipeline import COLUMNS, TABLE


class Quarantined(Exception):
    """The row does not convert; str() says which column."""


def _pointer(record, pointer):
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(record, list) and part.isdigit() and int(part) < len(record):
            record = record[int(part)]
        elif isinstance(record, dict) and part in record:
            record = record[part]
        else:
            raise KeyError(pointer)
    return record


_CONVERT = {
    "bigint": int,
    "integer": int,
    "numeric": decimal.Decimal,
    "double precision": float,
    "boolean": lambda v: v if isinstance(v, bool) else {"true": True, "false": False}[str(v)],
    "text": lambda v: str(v).replace("\0", "\ufffd"),
    "date": lambda v: datetime.date.fromisoformat(v),
    "timestamp": lambda v: datetime.datetime.fromisoformat(v),
    "timestamptz": lambda v: datetime.datetime.fromisoformat(v),
    "jsonb": lambda v: v,
    "uuid": lambda v: str(uuid.UUID(v)),
}


def convert(record, column, parameters):
    """The Python value that psycopg2 returns for this column; Quarantined when the row has none."""
    name = column["name"]
    if "value" in column:
        value = re.sub(r"{{ *slice\.(\w+) *}}", lambda m: str(parameters[m.group(1)]), column["value"])
    else:
        try:
            value = _pointer(record, column.get("from", "/" + name))
        except KeyError:
            if column.get("optional"):
                return None
            raise Quarantined(f"{name}: absent") from None
    if isinstance(value, str) and column["type"] != "jsonb":
        if value in column.get("null_if", []):
            return None
        value = "".join(c for c in value if c not in column.get("strip", ""))
        if value in column.get("null_if", []):
            return None
    if value is None:
        return None
    try:
        return _CONVERT[column["type"]](value)
    except (ValueError, KeyError, decimal.InvalidOperation) as error:
        raise Quarantined(f"{name}: {error}") from None


def expected_rows(records, columns, key, parameters=None):
    """({key tuple: row tuple}, [quarantined records]); of equal keys the later row wins."""
    rows, quarantined = {}, []
    places = [[c["name"] for c in columns].index(k) for k in key]
    for record in records:
        try:
            row = tuple(convert(record, column, parameters or {}) for column in columns)
            identity = tuple(row[p] for p in places)
            if None in identity:
                raise Quarantined("NULL in the key")
            rows[identity] = row
        except Quarantined:
            quarantined.append(record)
    return rows, quarantined


def parse_rows(ndjson):
    """Records of `mockapi --dump-rows`; numbers keep their digits."""
    return [json.loads(line, parse_float=decimal.Decimal) for line in ndjson.splitlines()]


def assert_table_equals_oracle(db, api, *, table=TABLE, columns=None, key=("advertiser_id", "date", "creativity_id"),
                               slices=({},), **dump):
    """The table holds exactly the API's rows that convert, typed, nothing else. Returns the number of quarantined rows.

    slices: the parameters of each slice, {"advertiser_id": "1001", "date": "2026-11-01"}; dump: flags that changed since the
    API started, such as inserted=3 after a drift.
    """
    columns = columns or COLUMNS
    expected, quarantined = {}, 0
    for parameters in slices:
        rows, bad = expected_rows(api.rows(**parameters, **dump), columns, key, parameters)
        expected.update(rows)
        quarantined += len(bad)
    names = ", ".join(f'"{c["name"]}"' for c in columns)
    stored = db.query(f"SELECT {names} FROM {table}")
    places = [[c["name"] for c in columns].index(k) for k in key]
    actual = {tuple(row[p] for p in places): row for row in stored}
    assert len(actual) == len(stored), f"{table} holds {len(stored) - len(actual)} duplicate keys"
    missing, unexpected = expected.keys() - actual.keys(), actual.keys() - expected.keys()
    different = [(expected[k], actual[k]) for k in expected.keys() & actual.keys() if expected[k] != actual[k]]
    assert not (missing or unexpected or different), (
        f"{table}: {len(actual)} rows, expected {len(expected)}; {len(missing)} missing (such as {sorted(missing)[:3]}), "
        f"{len(unexpected)} unexpected ({sorted(unexpected)[:3]}), {len(different)} differ (expected, stored: {different[:2]})")
    return quarantined
