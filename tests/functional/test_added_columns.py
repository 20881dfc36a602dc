"""sink.undeclared: add_column: fields that no column reads get columns of their own in the table."""

import pytest

from harness.ending import assert_ended, lines
from harness.fixed_api import FixedApi, record
from harness.pagehaul import CONFIG
from harness.pipeline import TABLE
from harness.recovery import wait_backends_gone

COLUMNS = [{"name": "id", "type": "bigint"}]
RESUME = {"PAGEHAUL_RUN_KEY": "job-1"}


class Rows(FixedApi):
    def __init__(self):
        super().__init__([])
        self.rows = []

    def answer(self, query):
        return self.page([record(**row) for row in self.rows], int(query["page"]), int(query["size"]))


@pytest.fixture
def api():
    started = Rows()
    yield started
    started.close()


@pytest.fixture
def runner(pagehaul_for, db, api):
    def made(**sink):
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = api.source()
        if sink.get("mode") == "append":
            runner.configure(source={"slices": {"part": ["all"]}})
        return runner.configure(sink={"key": ["id"], "columns": COLUMNS, "undeclared": "add_column", **sink})
    return made


def columns(db, table=TABLE):
    return db.query(f"SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = '{table}'::regclass "
                    "AND attnum > 0 AND NOT attisdropped ORDER BY attnum")


def table(db, *names):
    return db.query(f"SELECT id, {', '.join(f'{name}::text' for name in names)} FROM {TABLE} ORDER BY id")


def test_a_table_is_given_a_column_when_a_field_first_has_a_value(runner, db, api):
    api.rows = [{"id": i} for i in range(250)]
    runner().succeed()
    assert columns(db) == [("id", "bigint")]
    api.rows = [{"id": i, "never": None} for i in range(250)]
    api.rows[249]["note"] = "new"
    api.rows[7]["Mixed Case"] = {"a": [1, None]}
    result = runner().run()
    assert_ended(result, db)
    assert sorted(columns(db)) == [("Mixed Case", "jsonb"), ("id", "bigint"), ("note", "jsonb")]
    assert {name for line in lines(result, "the table is given columns for fields that no column reads")
            for name in line["columns"].split(", ")} == {"Mixed Case", "note"}
    assert table(db, "note", '"Mixed Case"')[7] == (7, None, '{"a": [1, null]}')
    assert table(db, "note")[249] == (249, '"new"')


def test_values_of_any_type_follow_the_record(runner, db, api):
    api.rows = [{"id": 1, "n": 1.50}, {"id": 2, "n": "x"}, {"id": 3, "n": True}]
    runner().succeed()
    assert table(db, "n") == [(1, "1.5"), (2, '"x"'), (3, "true")]
    api.rows = [{"id": 1, "n": 1.50}, {"id": 2}, {"id": 3, "n": [3]}]
    runner().succeed()
    assert table(db, "n") == [(1, "1.5"), (2, None), (3, "[3]")]


@pytest.mark.parametrize("mode", ["append", "replace_slice"])
def test_rows_that_wait_for_their_proof_bring_them_along(runner, db, api, mode):
    api.rows = [{"id": i, "note": f"n{i}"} for i in range(250)]
    runner(mode=mode, key=None).succeed()
    assert table(db, "note") == [(i, f'"n{i}"') for i in range(250)]


@pytest.mark.parametrize("mode", ["upsert", "append"])
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
def test_a_killed_process_leaves_columns_that_the_next_one_fills(runner, db, api, mode, point):
    api.rows = [{"id": i, "note": f"n{i}"} for i in range(250)]
    killed = runner(mode=mode, **({} if mode == "upsert" else {"key": None}))
    assert killed.run(env={**RESUME, "PAGEHAUL_FAULT": f"{point}:1"}).code == 137
    wait_backends_gone(db)
    killed.succeed(env=RESUME)
    assert table(db, "note") == [(i, f'"n{i}"') for i in range(250)]


def test_a_row_that_the_table_refuses_leaves_the_others_their_fields(runner, db, api):
    api.rows = [{"id": i, "note": f"n{i}"} for i in range(50)]
    db.query("CREATE SCHEMA IF NOT EXISTS report")
    db.query(f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY CHECK (id <> 7))")
    result = runner().configure(run={"quarantine_limit": 1}).run()
    assert_ended(result, db, quarantined=1)
    assert table(db, "note") == [(i, f'"n{i}"') for i in range(50) if i != 7]
    assert db.scalar("SELECT payload FROM pagehaul.quarantine") == '{"id":"7","note":"n7"}'


def test_a_column_that_is_somebodys_own_is_never_written_to(runner, db, api):
    api.rows = [{"id": 1}]
    runner().succeed()
    db.query(f"ALTER TABLE {TABLE} ADD COLUMN note jsonb DEFAULT '1'")
    api.rows = [{"id": 1, "note": "x"}]
    result = runner().run()
    assert result.code == CONFIG and 'a column of that name which was not made for it: declare it in sink.columns' in result.stderr, str(result)
    assert table(db, "note") == [(1, "1")]


def test_it_can_be_declared_later(runner, db, api):
    api.rows = [{"id": 1, "note": "x"}]
    runner().succeed()
    declared = [*COLUMNS, {"name": "note", "type": "text"}]
    result = runner(columns=declared).run()
    assert result.code == CONFIG and "the table has jsonb, the config says text" in result.stderr, str(result)
    db.query(f"ALTER TABLE {TABLE} ALTER COLUMN note TYPE text USING note #>> '{{}}'")
    runner(columns=declared).succeed()
    assert table(db, "note") == [(1, "x")]


def test_who_does_not_own_the_table_is_told_so(runner, db, postgres, api, role):
    api.rows = [{"id": 1}]
    runner(undeclared="ignore").succeed()
    db.query(f"GRANT USAGE ON SCHEMA report TO {role}; GRANT SELECT, INSERT, UPDATE ON {TABLE} TO {role}")
    result = runner().run("check", env={"DATABASE_URL": db.dsn_through(postgres.host, postgres.port, user=role)})
    assert f'role "{role}" may not add columns to' in result.stdout + result.stderr, str(result)
