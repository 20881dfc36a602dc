"""Where the records of an answer are: the root, one object, a map, elements of elements, lines; and in which encoding."""

import gzip
import json
import zlib

import pytest

from harness.ending import assert_ended
from harness.pipeline import TABLE

V = {"name": "v", "type": "text"}


def stored(db, columns="id, v"):
    return db.query(f"SELECT {columns} FROM {TABLE} ORDER BY 1, 2")


@pytest.mark.parametrize("at, body", [("/data", {"data": {"id": 1, "v": "a"}}), ("", {"id": 1, "v": "a"})])
def test_one_object_is_the_one_record(pulling, db, at, body):
    _, runner = pulling(lambda _: body, [V], records={"at": at, "shape": "object"})
    assert_ended(runner.run(), db, rows=1)
    assert stored(db) == [(1, "a")]


@pytest.mark.parametrize("shape, body, reason", [
    ("object", {"data": [{"id": 1}]}, 'no object at "/data" but an array'),
    ("list", {"data": {"id": 1}}, 'no array at "/data" but an object'),
    ("map", {"data": [{"id": 1}]}, 'no object at "/data" but an array')])
def test_another_shape_than_the_declared_one_is_65(pulling, db, shape, body, reason):
    _, runner = pulling(lambda _: body, records={"at": "/data", "shape": shape})
    assert_ended(runner.run(), db, 65, reason=reason, rows=0)


def test_a_maps_keys_are_a_column(pulling, db):
    _, runner = pulling(lambda _: {"rates": {"EUR": {"v": "1.1"}, "J\tPY": {"v": "160"}}},
                        [V, {"name": "currency", "type": "text", "from_key": True}, {"name": "n", "type": "text", "value": "x"}],
                        key=["currency"], records={"at": "/rates", "shape": "map"})
    runner.pipeline["sink"]["columns"].pop(0)
    assert_ended(runner.run(), db, rows=2)
    assert stored(db, "currency, v") == [("EUR", "1.1"), ("J\tPY", "160")]


def test_records_of_each_element_carry_fields_of_what_is_around_them(pulling, db):
    shops = {"north": {"name": "N", "orders": [{"no": 7, "items": [{"id": 1}, {"id": 2}]}, {"items": [], "no": 8}]},
             "south": {"orders": [{"no": 9, "items": [{"id": 3}]}], "name": "S"}}
    _, runner = pulling(lambda _: {"shops": shops},
                        [{"name": "v", "type": "text", "from": "../../name"}, {"name": "order_no", "type": "bigint", "from": "../no"}],
                        records="/shops/*/orders/*/items")
    assert_ended(runner.run(), db, rows=3)
    assert stored(db, "id, v, order_no") == [(1, "N", 7), (2, "N", 7), (3, "S", 9)]


def test_an_element_without_its_records_is_65_unless_that_is_said_to_be_none(pulling, db):
    _, runner = pulling(lambda _: {"orders": [{"items": [{"id": 1}]}, {"x": 1}]}, records="/orders/*/items")
    assert_ended(runner.run(), db, 65, reason="write absent into source.records.empty")
    runner.configure(source={"records": {"at": "/orders/*/items", "empty": ["absent"]}})
    assert_ended(runner.run(), db, rows=1)


def test_lines_are_a_record_each(pulling, db):
    lines = b'{"id": 1, "v": "a"}\n{"id": 2, "v": "b"}\r\n\n'
    _, runner = pulling(lambda _: (200, {"Content-Type": "application/x-ndjson"}, lines), [V], records={"at": "", "format": "ndjson"})
    assert_ended(runner.run(), db, rows=2)
    assert stored(db) == [(1, "a"), (2, "b")]


def test_lines_that_are_none_are_an_answer_too(pulling, db):
    _, runner = pulling(lambda _: (200, {}, b""), records={"at": "", "format": "ndjson"})
    assert_ended(runner.run(), db, rows=0, slices_proven=1)


def test_lines_that_are_cut_short_are_not_taken_for_whole(pulling, db):
    _, runner = pulling(lambda _: (200, {}, b'{"id": 1}\n{"id": 2'), records={"at": "", "format": "ndjson"})
    assert_ended(runner.run(), db, 69, rows=0)


@pytest.mark.parametrize("encoding, pack", [
    ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", lambda raw: zlib.compress(raw)[2:-4])],
    ids=["gzip", "zlib", "raw deflate"])
def test_compressed_bodies_are_read(pulling, db, encoding, pack):
    body = pack(json.dumps([{"id": i} for i in range(1000)]).encode())
    _, runner = pulling(lambda _: (200, {"Content-Encoding": encoding}, body))
    assert_ended(runner.run(), db, rows=1000)
