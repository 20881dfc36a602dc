"""Times as APIs write them, by a column's format and zone, against the table that comes out."""

import datetime

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi
from harness.pipeline import TABLE

UTC = datetime.timezone.utc
AT = datetime.datetime(2026, 9, 21, 14, 13, 20)

# column, JSON values, what is in the table; None: quarantined
CASES = {
    "epoch": ({"type": "timestamptz", "format": "epoch"}, ["1790000000", '"1790000000.5"', '"soon"', "1790000000000"],
              [AT.replace(tzinfo=UTC), AT.replace(microsecond=500000, tzinfo=UTC), None, None]),
    "epoch_ms": ({"type": "timestamp", "format": "epoch_ms", "zone": "Asia/Shanghai"}, ["1790000000123"],
                 [datetime.datetime(2026, 9, 21, 22, 13, 20, 123000)]),
    "epoch_us": ({"type": "date", "format": "epoch_us"}, ['"1790000000000000"'], [datetime.date(2026, 9, 21)]),
    "compact": ({"type": "date", "format": "%Y%m%d"}, ["20260921", '"20260921"', '"2026-09-21"', "2026092"],
                [datetime.date(2026, 9, 21)] * 2 + [None, None]),
    "slashes": ({"type": "timestamp", "format": "%d/%m/%Y %H:%M:%S"}, ['"21/09/2026 14:13:20"', '"21/09/2026 14:13:20 "'], [AT, None]),
    "offset": ({"type": "timestamptz", "format": "%a %b %d %H:%M:%S %z %Y"}, ['"Mon Sep 21 16:13:20 +0200 2026"', '"Tue Sep 21 16:13:20 +0200 2026"'],
               [AT.replace(tzinfo=UTC), None]),
    "clock": ({"type": "time", "format": "%I:%M:%S.%f %p"}, ['"02:13:20.5 PM"'], [datetime.time(14, 13, 20, 500000)]),
    "a day of a stamp": ({"type": "date", "format": "iso", "zone": "America/New_York"}, ['"2026-09-21T03:59:59Z"', '"2026-09-21T04:00:00Z"'],
                         [datetime.date(2026, 9, 20), datetime.date(2026, 9, 21)]),
    "local": ({"type": "timestamptz", "zone": "Europe/Berlin"}, ['"2026-09-21 16:13:20"', '"2026-03-29 02:30:00"', '"2026-10-25 02:30:00"', '"2038-07-01 00:00:00"'],
              [AT.replace(tzinfo=UTC), datetime.datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime.datetime(2026, 10, 25, 1, 30, tzinfo=UTC), None]),
    "array": ({"type": "timestamptz[]", "format": "epoch"}, ["[1790000000, null]"], [[AT.replace(tzinfo=UTC), None]]),
}


@pytest.fixture
def pulled(db, pagehaul_for):
    """A function: pulls records into the columns with this key; the runner's Result."""
    apis = []

    def pull(records, columns, key):
        apis.append(FixedApi(records))
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = apis[-1].source()
        runner.configure(run={"quarantine_limit": "100%"}, sink={"key": key, "columns": columns})
        return runner.run()

    yield pull
    for api in apis:
        api.close()


@pytest.mark.parametrize("name", CASES)
def test_a_time_arrives_as_the_format_says_or_is_quarantined(pulled, db, name):
    column, values, expected = CASES[name]
    result = pulled([f'{{"id": {n}, "v": {value}}}' for n, value in enumerate(values)], [{"name": "id", "type": "bigint"}, {"name": "v", **column}], ["id"])
    good = [(n, value) for n, value in enumerate(expected) if value is not None]
    assert_ended(result, db, stored=len(good), quarantined=len(expected) - len(good))
    assert db.query(f"SELECT id, v FROM {TABLE} ORDER BY id") == good
    assert all("expected a time" in reason for reason, in db.query("SELECT reason FROM pagehaul.quarantine"))


def test_equal_instants_are_one_key_however_they_are_written(pulled, db):
    """Three spellings of one time in one page are one key: rows that differ are a conflict, and no second row of it gets past."""
    column = {"name": "at", "type": "timestamptz", "zone": "Europe/Berlin"}
    stamps = ["2026-09-21T14:13:20Z", "2026-09-21 16:13:20", "2026-09-21T10:13:20-04:00"]
    result = pulled([f'{{"at": "{stamp}"}}' for stamp in stamps], [column], ["at"])
    assert result.code != 0
    assert "have the same key" in result.stderr, str(result)
