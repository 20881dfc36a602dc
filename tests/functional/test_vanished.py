"""Rows that the table has of a slice and the API no longer: marked or deleted once the slice is proven, never without; and rows
that are older than what the table has."""

import pytest

from harness.ending import assert_ended, lines, summary
from harness.fixed_api import FixedApi, record
from harness.pagehaul import CONFIG, DATA
from harness.pipeline import TABLE
from harness.recovery import RESUME, wait_backends_gone

COLUMNS = [{"name": "part", "type": "text", "value": "{{ slice.part }}"},
           {"name": "id", "type": "bigint"}, {"name": "note", "type": "text"}]


class Parts(FixedApi):
    def __init__(self, **parts):
        super().__init__([])
        self.parts = parts

    def answer(self, query):
        return self.page([record(**fields) for fields in self.parts[query["part"]]], int(query["page"]), int(query["size"]))


@pytest.fixture
def api():
    started = Parts(a=rows(0, 250), b=rows(0, 20))
    yield started
    started.close()


@pytest.fixture
def runner(pagehaul_for, db, api):
    """A function: a run of the API's parts a and b."""
    def made(**sink):
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = api.source()
        return runner.configure(
            source={"slices": {"part": ["a", "b"]}, "request": {"query": {"part": "{{ slice.part }}"}}},
            sink={"key": ["part", "id"], "columns": COLUMNS, **sink})
    return made


def rows(first, count, note="x"):
    return [{"id": i, "note": note} for i in range(first, first + count)]


def ids(db, part="a", where="true"):
    return [i for i, in db.query(f"SELECT id FROM {TABLE} WHERE part = '{part}' AND {where} ORDER BY id")]


def test_rows_of_a_proven_slice_that_are_gone_are_deleted(runner, db, api):
    runner(vanished="delete").succeed()
    db.query(f"INSERT INTO {TABLE} VALUES ('c', 1, 'not ours')")
    api.parts["a"] = [row for row in api.parts["a"] if row["id"] not in (3, 100, 249)]
    assert_ended(runner(vanished="delete").run(), db, slices_proven=2)
    assert ids(db) == [row["id"] for row in api.parts["a"]]
    assert ids(db, "b") == list(range(20)) and ids(db, "c") == [1]


@pytest.mark.kill_stop
@pytest.mark.parametrize("fault", ["after_commit:2", "before_publication", "before_publication:2", "after_publication", "before_settle"])
@pytest.mark.parametrize("vanished", ["delete", "mark"])
def test_a_run_killed_there_ends_with_what_the_api_has(runner, db, api, vanished, fault):
    db.query(f"CREATE SCHEMA report; CREATE TABLE {TABLE} (part text, id bigint, note text, deleted_at timestamptz, PRIMARY KEY (part, id))")
    runner(vanished=vanished).succeed()
    api.parts["a"] = [row for row in api.parts["a"] if row["id"] not in (3, 100, 249)]
    api.parts["b"] = rows(0, 19)
    killed = runner(vanished=vanished, vanished_limit="50%").run(env={**RESUME, "PAGEHAUL_FAULT": fault})
    assert killed.code == 137, str(killed)
    wait_backends_gone(db)
    runner(vanished=vanished, vanished_limit="50%").succeed(env=RESUME)
    there = "true" if vanished == "delete" else "deleted_at IS NULL"
    assert ids(db, where=there) == [row["id"] for row in api.parts["a"]] and ids(db, "b", there) == list(range(19))
    if vanished == "mark":
        assert ids(db, where="deleted_at IS NOT NULL") == [3, 100, 249] and ids(db, "b", "deleted_at IS NOT NULL") == [19]


def test_rows_that_are_gone_are_marked_and_unmarked_when_they_return(runner, db, api):
    marking = runner(vanished="mark")
    marking.succeed()
    whole = api.parts["a"]
    api.parts["a"] = whole[:248]
    marking.succeed()
    assert ids(db, where="deleted_at IS NOT NULL") == [248, 249]
    when = db.query(f"SELECT deleted_at FROM {TABLE} WHERE id = 249")
    marking.succeed()
    assert db.query(f"SELECT deleted_at FROM {TABLE} WHERE id = 249") == when, "it is marked once"
    api.parts["a"] = whole
    marking.succeed()
    assert ids(db, where="deleted_at IS NOT NULL") == []


def test_more_than_the_limit_is_refused_and_nothing_of_it_done(runner, db, api):
    runner(vanished="delete").succeed()
    api.parts["a"] = rows(0, 237)
    result = runner(vanished="delete").run()
    assert result.code == DATA, str(result)
    assert "the API has 13 no more, sink.vanished_limit is 5%" in summary(result)["reason"]
    assert ids(db) == list(range(250))
    assert runner(vanished="delete", vanished_limit=13).run().code == 0
    assert ids(db) == list(range(237))


def test_without_its_proof_nothing_is_gone(runner, db, api):
    runner(vanished="delete").succeed()
    # Keys that come twice are no proof.
    api.parts["a"] = [*rows(0, 200), *rows(0, 45)]
    result = runner(vanished="delete", vanished_limit="100%").configure(source={"drift": {"passes": 1}}).run()
    assert result.code == DATA, str(result)
    assert ids(db) == list(range(250))


def test_rows_in_quarantine_may_be_those_that_seem_to_be_gone(runner, db, api):
    runner(vanished="delete").succeed()
    api.parts["a"][7] = {"id": "7?", "note": "x"}
    result = runner(vanished="delete").configure(run={"quarantine_limit": 1}).run()
    assert_ended(result, db, quarantined=1)
    assert lines(result, "rows that a slice may have no more stay as they are")
    assert ids(db) == list(range(250))


def test_the_column_that_marks_must_be_there(runner, db):
    runner().succeed()
    result = runner(vanished="mark").run()
    assert result.code == CONFIG and "deleted_at" in result.stderr, str(result)


VERSIONED = [*COLUMNS, {"name": "changed", "type": "timestamp", "optional": True}]


def test_an_older_row_overwrites_no_newer_one(runner, db, api):
    api.parts["b"] = [{"id": 1, "note": "new", "changed": "2026-11-02 00:00:00"}, {"id": 2, "note": "new", "changed": None},
                      {"id": 3, "note": "new", "changed": "2026-11-02 00:00:00"}, {"id": 4, "note": "new", "changed": "2026-11-02 00:00:00"}]
    api.parts["a"] = []
    versioned = runner(columns=VERSIONED, version="changed")
    versioned.succeed()
    api.parts["b"] = [{"id": 1, "note": "older", "changed": "2026-11-01 00:00:00"}, {"id": 2, "note": "newer", "changed": "1999-01-01 00:00:00"},
                      {"id": 3, "note": "equal", "changed": "2026-11-02 00:00:00"}, {"id": 4, "note": "none", "changed": None}]
    versioned.succeed()
    assert db.query(f"SELECT id, note FROM {TABLE} ORDER BY id") == [(1, "new"), (2, "newer"), (3, "equal"), (4, "new")]


def test_what_no_column_reads_is_kept_in_one(runner, db, api):
    api.parts["a"] = []
    api.parts["b"] = [{"id": 1, "note": "x", "more": {"a": [1, "é"]}, "n": 1.5}, {"id": 2, "note": "x"}]
    runner(undeclared="column", columns=[*COLUMNS, {"name": "others", "type": "jsonb", "rest": True}]).succeed()
    assert db.query(f"SELECT id, others::text FROM {TABLE} ORDER BY id") == [
        (1, '{"n": 1.5, "more": {"a": [1, "é"]}}'), (2, "{}")]
