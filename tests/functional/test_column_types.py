"""Every column type from JSON to the table and back, against values computed here."""

import datetime
import decimal
import json
import uuid

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi
from harness.pipeline import TABLE

D = decimal.Decimal
UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2026, 2, 28, 23, 59, 59, 123456)

# type: [(JSON text, value as psycopg2 reads it)]
GOOD = {
    "bigint": [("0", 0), ("-9223372036854775808", -2**63), ('"9223372036854775807"', 2**63 - 1), ("12.0", 12), ("1e3", 1000), ('"12.0"', 12), ('"1E+3"', 1000),
               ('" +7 "', 7), ('"007"', 7), ("null", None)],
    "integer": [("2147483647", 2**31 - 1), ("-2147483648", -2**31), ('"42"', 42), ("2e2", 200)],
    "smallint": [("32767", 2**15 - 1), ("-32768", -2**15), ('"7"', 7), ("1e2", 100)],
    "real": [("0.5", 0.5), ('"-2.25"', -2.25), ("16777217", 16777216.0)],
    "numeric": [("0.10", D("0.10")), ("123456789012345678901234567890.123456789", D("123456789012345678901234567890.123456789")),
                ('"-1.5"', D("-1.5")), ("1e20", D(10)**20), ("1E-10", D("0.0000000001")), ('" 3 "', D(3))],
    "double precision": [("0.1", 0.1), ("1e308", 1e308), ("5e-324", 5e-324), ('"-2.5"', -2.5), ("9007199254740993", 9007199254740992.0)],
    "boolean": [("true", True), ("false", False), ("1", True), ("0", False), ('"yes"', True), ('"Off"', False), ('"t"', True)],
    "text": [('"plain"', "plain"), ('""', ""), (r'"tab\tnew\nline\\back\"quote\r\b\f\/"', 'tab\tnew\nline\\back"quote\r\b\f/'),
             (r'"\u00e9\ud83d\ude00 🧣"', "é😀 🧣"), (r'"a\u0000b"', "a\ufffdb"), (r'"\\N"', "\\N"), (r'"\\."', "\\."), ("12.50", "12.50"),
             ("true", "true")],
    "date": [('"2026-02-28"', datetime.date(2026, 2, 28)), ('"2024-02-29"', datetime.date(2024, 2, 29)),
             ('"0001-01-01"', datetime.date(1, 1, 1)), ('"9999-12-31"', datetime.date(9999, 12, 31))],
    "time": [('"10:20"', datetime.time(10, 20)), ('"23:59:59.123456"', datetime.time(23, 59, 59, 123456))],
    "timestamp": [('"2026-02-28 23:59:59.123456"', MOMENT), ('"2026-02-28T23:59:59.123456"', MOMENT),
                  ('"2026-02-28t23:59:59.123456"', MOMENT),
                  ('"2026-02-28"', datetime.datetime(2026, 2, 28)), ('"2026-02-28 07:08"', datetime.datetime(2026, 2, 28, 7, 8))],
    "timestamptz": [('"2026-02-28T23:59:59.123456Z"', MOMENT.replace(tzinfo=UTC)),
                    ('"2026-02-28t23:59:59.123456z"', MOMENT.replace(tzinfo=UTC)),
                    ('"2026-03-01T07:59:59.123456+08:00"', MOMENT.replace(tzinfo=UTC)),
                    ('"2026-02-28 18:29:59.123456-0530"', MOMENT.replace(tzinfo=UTC))],
    "jsonb": [('{"a": [1, {"b": null}], "c": "\\u00e9"}', {"a": [1, {"b": None}], "c": "é"}), ("[]", []), ('"text"', "text"),
              ("12.5", 12.5), ("true", True), (r'{"n": "a\u0000b"}', {"n": "a\ufffdb"})],
    "uuid": [('"6F9619FF-8B86-D011-B42D-00CF4FC964FF"', str(uuid.UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff"))),
             ('"{6f9619ff8b86d011b42d00cf4fc964ff}"', "6f9619ff-8b86-d011-b42d-00cf4fc964ff")],
    "bigint[]": [("[]", []), ("[1, null, \"-3\", 4.0]", [1, None, -3, 4]), ("null", None)],
    "text[]": [(r'["plain","","NULL","null",null,"{a,b}","a\"b","c\\d","\\\"","t\tn\nr\r","\u00e9\ud83d\ude00", " x "]',
                ["plain", "", "NULL", "null", None, "{a,b}", 'a"b', "c\\d", '\\"', "t\tn\nr\r", "é😀", " x "]),
               ("[12.50,true]", ["12.50", "true"])],
    "date[]": [('["2026-02-28"]', [datetime.date(2026, 2, 28)])],
}

# What must not reach the table: Postgres would refuse it, or read something else.
BAD = {
    "bigint": ["9223372036854775808", "1.5", "12.5", '"12.5"', '"12x"', '""', "true", "[1]"],
    "integer": ["2147483648", "-2147483649", '"1.0x"'],
    "numeric": ['"NaN"', '"Infinity"', '"1,000"', '"0x10"', "false"],
    "double precision": ['"NaN"', "1e400", '"1_000"'],
    "boolean": ["2", '"maybe"', '""'],
    "text": ['{"a": 1}', "[1]", r'"\ud800"'],
    "date": ['"2026-02-29"', '"2026-2-1"', '"20260201"', '"today"', '"2026-02-01T00:00:00"', "20260201"],
    "timestamp": ['"2026-02-28 24:00:00"', '"2026-02-28T10:00:00Z"', '"now"', '"2026-02-28 10:00:60"', "1700000000"],
    "timestamptz": ['"2026-02-28T10:00:00"', '"2026-02-28T10:00:00 Europe/Berlin"', '"infinity"'],
    "jsonb": [r'"\udc00"', "1e200000"],
    "smallint": ["32768", "-32769", "1.5"],
    "real": ["1e39", "1e-60", '"NaN"'],
    "time": ['"24:00:00"', '"10:20:30Z"', '"10:20:30+02"', '"noon"', "1020"],
    "bigint[]": ['"{1}"', "1", "{}", "[1.5]", "[[1]]"],
    "text[]": ['[["a"]]', '[{"a": 1}]', r'["\ud800"]', '"a"'],
    "date[]": ['["today"]'],
    "uuid": ['"6f9619ff-8b86-d011-b42d-00cf4fc964f"', '"6f9619ff8b86-d011-b42d-00cf4fc964ff0"', "1"],
}


@pytest.fixture
def pulled(db, pagehaul_for):
    """A function: pulls these JSON values into a column v of the type; the runner's Result."""
    apis = []

    def pull(type_, values, **column):
        apis.append(FixedApi(f'{{"id": {n}, "v": {value}}}' for n, value in enumerate(values)))
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = apis[-1].source()
        runner.configure(run={"quarantine_limit": "100%"}, sink={"key": ["id"], "columns": [
            {"name": "id", "type": "bigint"}, {"name": "v", "type": type_, **column}]})
        return runner.run()

    yield pull
    for api in apis:
        api.close()


@pytest.mark.parametrize("type_", GOOD)
def test_values_arrive_as_they_are_and_what_does_not_fit_is_quarantined(pulled, db, type_):
    good, bad = GOOD[type_], BAD[type_]
    result = pulled(type_, [text for text, _ in good] + bad)
    assert_ended(result, db, stored=len(good), quarantined=len(bad))
    stored = db.query(f"SELECT v FROM {TABLE} ORDER BY id")
    assert [value for value, in stored] == [value for _, value in good]
    reasons = db.query("SELECT row_no, reason FROM pagehaul.quarantine ORDER BY row_no")
    assert [row for row, _ in reasons] == list(range(len(good), len(good) + len(bad)))
    assert all(reason.startswith("column v: expected ") for _, reason in reasons), reasons


def test_an_enum_takes_its_labels_and_another_one_is_that_rows_quarantine(pulled, db):
    db.query("CREATE TYPE mood AS ENUM ('good', 'so-so'); CREATE DOMAIN feeling AS mood CHECK (value <> 'so-so'); CREATE SCHEMA report;"
             f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, v feeling)")
    assert_ended(pulled("text", ['"good"', '"bad"', "null", '"so-so"', '"Good"']), db, stored=2, quarantined=3)
    assert db.query(f"SELECT id, v FROM {TABLE} ORDER BY id") == [(0, "good"), (2, None)]
    reasons = [reason for reason, in db.query("SELECT reason FROM pagehaul.quarantine ORDER BY row_no")]
    assert 'invalid input value for enum mood: "bad"' in reasons[0]
    assert "violates check constraint" in reasons[1]
    assert 'invalid input value for enum mood: "Good"' in reasons[2]


def test_an_array_of_an_enum_takes_its_labels(pulled, db):
    db.query(f"CREATE TYPE mood AS ENUM ('good', 'so-so'); CREATE SCHEMA report; CREATE TABLE {TABLE} (id bigint PRIMARY KEY, v mood[])")
    assert_ended(pulled("text[]", ['["good", "so-so"]', '["bad"]']), db, stored=1, quarantined=1)
    assert db.query(f"SELECT v::text FROM {TABLE}") == [("{good,so-so}",)]


def test_strip_and_null_if_come_before_the_type(pulled, db):
    values = ["￥1,234.50", "-", "￥-", "", "99"]
    result = pulled("numeric", [json.dumps(v) for v in values] + ["12"], strip="￥,", null_if=["-", ""])
    assert_ended(result, db, stored=6, quarantined=0)
    assert [v for v, in db.query(f"SELECT v FROM {TABLE} ORDER BY id")] == [D("1234.50"), None, None, None, D(99), D(12)]


def test_from_reads_by_pointer_and_the_whole_record(db, pagehaul_for):
    records = [{"base": {"id": 7}, "list": [{"x": "a"}], "odd/na~me": "b"}]
    api = FixedApi(json.dumps(r) for r in records)
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source()
    runner.configure(sink={"key": ["id"], "columns": [
        {"name": "id", "type": "bigint", "from": "/base/id"}, {"name": "x", "type": "text", "from": "/list/0/x"},
        {"name": "odd", "type": "text", "from": "/odd~1na~0me"}, {"name": "raw", "type": "jsonb", "from": ""}]})
    assert_ended(runner.run(), db, stored=1)
    assert db.query(f"SELECT id, x, odd, raw FROM {TABLE}") == [(7, "a", "b", records[0])]
    api.close()
