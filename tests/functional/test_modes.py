"""append and replace_slice: rows wait in the ledger's schema and go into the table in the transaction that proves their slice."""

import threading

import pytest

from harness.ending import assert_ended, summary
from harness.fixed_api import FixedApi, record
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, DATA, OK
from harness.pipeline import TABLE
from harness.recovery import wait_backends_gone
from harness.waiting import eventually

RESUME = {"PAGEHAUL_RUN_KEY": "job-1"}
COLUMNS = [{"name": "part", "type": "text", "value": "{{ slice.part }}"},
           {"name": "id", "type": "bigint"}, {"name": "note", "type": "text"}]


class Parts(FixedApi):
    """Rows by part, which a test changes between runs; `gate` holds the answers of some pages back."""

    def __init__(self, **parts):
        super().__init__([])
        self.parts = parts
        self.asked = []
        self.held = lambda part, page: False
        self.gate = threading.Event()

    def answer(self, query):
        part, page = query["part"], int(query["page"])
        self.asked.append((part, page))
        if self.held(part, page):
            self.gate.wait(60)
        return self.page([record(**{"id": i, "note": note, "part": part, **more}) for i, note, more in self.parts[part]],
                         page, int(query["size"]))


def rows(first, count, note="x", **more):
    return [(i, note, more) for i in range(first, first + count)]


@pytest.fixture
def parts():
    started = []

    def start(**of):
        started.append(Parts(**of))
        return started[-1]

    yield start
    for api in started:
        api.gate.set()
        api.close()


@pytest.fixture
def runner(pagehaul_for, db):
    """A function: a run of an API's parts a and b in a mode."""
    def made(api, mode, **sink):
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = api.source()
        return runner.configure(
            source={"slices": {"part": sorted(api.parts)}, "request": {"query": {"part": "{{ slice.part }}"}}},
            sink={"mode": mode, "key": None, "columns": COLUMNS, **sink})
    return made


def table(db):
    return db.query(f"SELECT part, id, note FROM {TABLE} ORDER BY part, id, note")


def expected(api):
    return sorted((part, i, note) for part, its in api.parts.items() for i, note, _ in its)


def staging_tables(db):
    return db.scalar("SELECT count(*) FROM pg_class WHERE relname LIKE 'staging_%%' AND relkind = 'r'")


MODES = ["append", "replace_slice"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", [None, ["part", "id"]], ids=["without a key", "with a key"])
def test_the_table_is_what_the_api_has(parts, runner, db, mode, key):
    api = parts(a=rows(0, 250), b=rows(0, 20))
    result = runner(api, mode, key=key).run()
    assert_ended(result, db, proof="counts", rows=270, stored=270, slices_proven=2)
    assert table(db) == expected(api)
    assert staging_tables(db) == 0


@pytest.mark.parametrize("mode", MODES)
def test_the_table_changes_once_and_not_before_its_slice_is_proven(parts, runner, db, mode):
    api = parts(a=rows(0, 450), b=rows(0, 20))
    api.held = lambda part, page: (part, page) == ("a", 3)
    running = runner(api, mode).start()
    eventually(lambda: db.relation_exists("pagehaul.page") and
               db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'done' AND no > 0") == 5, 30, "all other pages are stored")
    eventually(lambda: table(db) == [("b", i, "x") for i in range(20)], 30, "the slice that is whole is published")
    api.gate.set()
    assert running.result().code == OK
    assert table(db) == expected(api)


@pytest.mark.parametrize("mode", MODES)
def test_without_a_key_equal_rows_are_rows(parts, runner, db, mode):
    api = parts(a=[*rows(1, 1), *rows(1, 1), *rows(2, 99), *rows(1, 1)])
    assert_ended(runner(api, mode).run(), db, rows=102, stored=102, duplicates=0)
    assert table(db) == expected(api)


def test_rows_that_a_slice_no_longer_has_are_replaced_and_others_stay(parts, runner, db):
    api = parts(a=rows(0, 250), b=rows(0, 20))
    runner(api, "replace_slice").succeed()
    db.query(f"INSERT INTO {TABLE} VALUES ('c', 1, 'not ours')")
    api.parts["a"] = [*rows(100, 140, "new"), *rows(500, 7)]
    runner(api, "replace_slice").succeed()
    assert table(db) == [*expected(api), ("c", 1, "not ours")]


def test_a_source_without_slices_replaces_the_whole_table(mock_api, db, pagehaul_for):
    api = mock_api(rows=950, drift="remove", drift_after=4, drift_rows=3)
    runner = pagehaul_for(api, db).configure(sink={"mode": "replace_slice"})
    # The rows of the second pass alone: the first had some that are gone since.
    assert_ended(runner.run(), db, proof="counts", rows=947, stored=947)
    assert_table_equals_oracle(db, api, removed=3)
    assert db.query("SELECT pass, state FROM pagehaul.slice") == [(2, "proven")]
    runner.succeed()
    assert_table_equals_oracle(db, api, removed=3)


def test_an_empty_slice_takes_no_row_s_place_unless_it_may(parts, runner, db):
    api = parts(a=rows(0, 20), b=rows(0, 5))
    runner(api, "replace_slice").succeed()
    before = table(db)
    api.parts["a"] = []
    result = runner(api, "replace_slice").run()
    assert result.code == DATA and "sink.allow_empty" in summary(result)["reason"], str(result)
    assert table(db) == before
    runner(api, "replace_slice", allow_empty=True).succeed()
    assert table(db) == expected(api)


def test_a_row_that_contradicts_its_slice_is_quarantined(parts, runner, db):
    api = parts(a=[*rows(0, 150), *rows(150, 1, part="b")])
    api.parts["a"][20:21] = rows(20, 1, part="b")
    columns = [{**COLUMNS[0], "from": "/part"}, *COLUMNS[1:]]
    result = runner(api, "replace_slice", columns=columns).configure(run={"quarantine_limit": 2}).run()
    assert_ended(result, db, rows=151, stored=149, quarantined=2)
    assert {reason for reason, in db.query("SELECT reason FROM pagehaul.quarantine")} == {
        "column part: expected what the slice says, got a string `b`"}
    assert table(db) == [row for row in expected(api) if row[1] not in (20, 150)]


def test_a_slice_is_appended_once(parts, runner, db):
    api = parts(a=rows(0, 250), b=rows(0, 20))
    runner(api, "append").succeed()
    before = table(db)
    api.parts["c"] = rows(0, 30)
    api.parts["a"] = rows(0, 260)
    api.asked.clear()
    assert_ended(runner(api, "append").run(), db, slices_proven=1, rows=30)
    assert table(db) == [*before, *(("c", i, "x") for i in range(30))]
    assert {part for part, _ in api.asked} == {"c"}, "what is in the table was asked for again"
    assert summary(runner(api, "append").succeed())["verdict"] == "nothing due"


def test_nor_is_it_where_a_run_of_before_comes_to_it_later(parts, runner, db):
    api = parts(a=rows(0, 250))
    runner(api, "append").succeed()
    db.query("UPDATE pagehaul.published SET params = '{}'")
    result = runner(api, "append").run()
    assert result.code == DATA and "was appended" in summary(result)["reason"], str(result)
    assert table(db) == expected(api)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_table_refuses_fails_the_slice_and_changes_nothing_of_it(parts, runner, db, mode):
    api = parts(a=rows(0, 250), b=rows(0, 20))
    runner(api, mode, key=["part", "id"]).succeed()
    db.query(f"TRUNCATE {TABLE}; TRUNCATE pagehaul.published; ALTER TABLE {TABLE} ADD CHECK (id < 200)")
    result = runner(api, mode, key=["part", "id"]).run("run", "--fresh")
    assert result.code == DATA and "the table refuses the slice's rows" in summary(result)["reason"], str(result)
    assert table(db) == [row for row in expected(api) if row[0] == "b"]


def test_rows_of_another_slice_are_never_taken_for_ones_own(parts, runner, db):
    api = parts(a=rows(0, 20), b=rows(10, 20))
    result = runner(api, "replace_slice", key=["id"]).configure(run={"workers": 1}).run()
    assert result.code == DATA and "sink.key" in summary(result)["reason"], str(result)
    assert db.scalar(f"SELECT count(DISTINCT part) FROM {TABLE}") == 1 and len(table(db)) == 20


@pytest.mark.kill_stop
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", ["after_start", "after_claim", "before_commit", "before_commit:2", "after_commit:2",
                                   "before_publication", "before_publication:2", "after_publication",
                                   "before_settle"])
def test_a_run_killed_there_ends_with_everything_once(parts, runner, db, mode, fault):
    api = parts(a=rows(0, 250), b=rows(0, 120))
    started = runner(api, mode)
    killed = started.run(env={**RESUME, "PAGEHAUL_FAULT": fault})
    assert killed.code == 137, str(killed)
    wait_backends_gone(db)
    started.succeed(env=RESUME)
    assert table(db) == expected(api)
    started.succeed()
    assert table(db) == expected(api)
    assert staging_tables(db) == 0


def test_rows_that_have_gone_from_the_staging_table_are_pulled_again(parts, runner, db):
    api = parts(a=rows(0, 250))
    started = runner(api, "replace_slice")
    assert started.run(env={**RESUME, "PAGEHAUL_FAULT": "before_publication"}).code == 137
    wait_backends_gone(db)
    (name,), = db.query("SELECT relname FROM pg_class WHERE relname LIKE 'staging_%%' AND relkind = 'r'")
    db.query(f'DELETE FROM pagehaul."{name}" WHERE id = 7')
    started.succeed(env=RESUME)
    assert table(db) == expected(api)
    assert db.query("SELECT pass FROM pagehaul.slice") == [(2,)]


def test_a_trigger_that_may_change_which_slice_a_row_is_of_is_refused(parts, runner, db):
    api = parts(a=rows(0, 20))
    runner(api, "replace_slice").succeed()
    db.query("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    db.query(f"CREATE TRIGGER nothing BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION nothing()")
    result = runner(api, "replace_slice").run()
    assert result.code == CONFIG and "nothing" in result.stderr, str(result)
    assert len(table(db)) == 20
