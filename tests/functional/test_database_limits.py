"""A database that gives less than others: few connections, or an encoding that lacks characters."""

import json

import pytest

from harness.ending import assert_ended, lines
from harness.fixed_api import FixedApi, record
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import UNAVAILABLE


@pytest.fixture
def latin1(postgres):
    """A fresh database whose encoding is LATIN1."""
    database = postgres.create_database("ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    yield database
    database.drop()


@pytest.fixture
def of_notes(latin1, pagehaul_for):
    """A function: the pipeline that pulls records of these notes, numbered from 0, into the LATIN1 database."""
    started = []

    def make(notes, **changes):
        api = FixedApi([record(id=i, note=note) for i, note in enumerate(notes)])
        started.append(api)
        source = api.source()
        source["request"].update(method="GET", body=None)
        return pagehaul_for(None, latin1).configure(
            changes, source={**source, "auth": None, "response": None, "slices": None},
            sink={"table": "report.notes", "key": ["id"],
                  "columns": [{"name": "id", "type": "bigint"}, {"name": "note", "type": "text"}]})

    yield make
    for api in started:
        api.close()


def limit(pagehaul, db, postgres, role, connections):
    """The pipeline as a role that may have so many."""
    db.query(f"ALTER ROLE {role} CONNECTION LIMIT {connections}; GRANT CREATE ON DATABASE {db.name} TO {role}")
    pagehaul.env["DATABASE_URL"] = db.dsn_through(postgres.host, postgres.port, user=role)


def test_writers_that_get_no_connection_leave_the_work_to_the_others(pagehaul, api, db, postgres, role):
    limit(pagehaul, db, postgres, role, 3)  # the claimer's, the heartbeat's and a writer's
    result = pagehaul.configure(run={"writers": 4}).run()
    assert_ended(result, db, proof="counts", stored=1000)
    assert_table_equals_oracle(db, api)
    (told,) = lines(result, "no connection for a writer, going on with fewer")
    assert "too many connections for role" in told["cause"] and "run.writers" in told["cause"]


def test_without_a_connection_for_any_writer_it_is_69_after_the_patience(pagehaul, db, postgres, role):
    limit(pagehaul, db, postgres, role, 2)
    result = pagehaul.configure(run={"writers": 2, "patience": "1s"}).run()
    assert result.code == UNAVAILABLE and "too many connections for role" in result.stderr, str(result)
    assert lines(result, "no connection for a writer, going on with fewer") == []


def test_a_row_with_a_character_that_the_database_lacks_is_kept_aside_and_the_others_are_stored(of_notes, latin1):
    notes = ["caf\u00e9", "smile \U0001f600", "plain", "\u4e2d\u6587"]
    result = of_notes(notes, run={"quarantine_limit": 2}).run()
    assert_ended(result, latin1, proof="counts", stored=2, quarantined=2)
    assert latin1.query("SELECT id, note FROM report.notes ORDER BY id") == [(0, notes[0]), (2, notes[2])]
    kept = latin1.query("SELECT reason, payload FROM pagehaul.quarantine ORDER BY row_no")
    assert [json.loads(payload)["note"] for _, payload in kept] == [notes[1], notes[3]], "the payload is the same JSON"
    assert all('has no equivalent in encoding "LATIN1"' in reason for reason, _ in kept)


def test_a_row_that_does_not_convert_is_kept_aside_whatever_characters_it_has(of_notes, latin1):
    runner = of_notes(["\U0001f600"], run={"quarantine_limit": 1}).configure(sink={
        "columns": [{"name": "id", "type": "bigint"}, {"name": "note", "type": "numeric"}]})
    assert_ended(runner.run(), latin1, stored=0, quarantined=1)
    assert json.loads(latin1.scalar("SELECT payload FROM pagehaul.quarantine"))["note"] == "\U0001f600"


def test_an_encoding_other_than_utf8_is_told_by_check_and_warned_of_by_a_run(of_notes, pagehaul):
    runner = of_notes(["plain"])
    said = "the database's encoding is LATIN1, not UTF8"
    assert said in runner.succeed("check").stdout
    assert len([line for line in runner.succeed().log if said in line["msg"] and line["level"] == "warn"]) == 1
    assert "not UTF8" not in pagehaul.succeed("check").stdout
