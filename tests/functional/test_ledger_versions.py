"""A program on a ledger that is newer than it knows: served, it works as ever and leaves the ledger as it is; else it is 78.

Here the older program is this one, on a ledger with the note of a step that it does not know. PAGEHAUL_OLDER names the binary
of a version before, and the same tests hold the two real ones together, on the ledger of the newer one.
"""

import os

import pytest

from harness.pagehaul import CONFIG, OK
from harness.recovery import (RESUME, ROWS, assert_asked_only, assert_complete, missing_pages, release, start_midway, summary,
                              wait_backends_gone)

OLDER = os.environ.get("PAGEHAUL_OLDER")
SERVED = "the ledger is newer than this program, and serves it"
VERSIONS = "SELECT version, serves_from FROM pagehaul.schema_version ORDER BY version"
pretended = pytest.mark.skipif(bool(OLDER), reason="PAGEHAUL_OLDER: these need a ledger that pretends")


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def newer(pagehaul):
    return pagehaul


@pytest.fixture
def older(pagehaul_for, api, db):
    runner = pagehaul_for(api, db)
    runner.binary = OLDER or runner.binary
    return runner


def knows(runner):
    return runner.succeed("status", "--json").json["known_version"]


def note_step(db, serves_from, version=999):
    db.query("INSERT INTO pagehaul.schema_version (version, serves_from) VALUES (%s, %s)", version, serves_from)


def upgrade(db, newer):
    """A newer program makes the ledger newer than `older` knows."""
    newer.succeed("migrate")
    if not OLDER:
        note_step(db, knows(newer))


def back(db):
    """So that this program is again the newer one."""
    if not OLDER:
        db.query("DELETE FROM pagehaul.schema_version WHERE version = 999")


def said(result):
    return [(line["level"], line["ledger_version"], line["known_version"]) for line in result.log if line["msg"] == SERVED]


def newest(db):
    return db.scalar("SELECT max(version) FROM pagehaul.schema_version")


@pytest.mark.parametrize("how", ["auto", "manual"])
def test_an_older_program_pulls_everything_and_leaves_the_ledger_as_it_is(older, newer, api, db, how):
    upgrade(db, newer)
    before = db.query(VERSIONS)
    result = older.configure(ledger={"migrate": how}).succeed()
    assert said(result) == [("info", newest(db), knows(older))]
    assert_complete(db, api)
    assert db.query(VERSIONS) == before


def test_a_program_that_knows_the_ledger_says_nothing_of_versions(newer):
    assert said(newer.succeed()) == said(newer.succeed("run", "--fresh")) == []


@pytest.mark.parametrize("verb", ["run", "work"])
def test_a_run_that_the_older_one_began_is_finished_by_the_newer_one(older, newer, api, db, verb):
    start_midway(older, api, db, env=RESUME).kill9()
    wait_backends_gone(db)
    missing = missing_pages(db)
    release(api)
    result = newer.succeed(verb, env=RESUME if verb == "run" else None)
    assert said(result) == [] and summary(result)["verdict"] == "succeeded"
    assert_asked_only(api, missing)
    assert_complete(db, api)


@pytest.mark.parametrize("verb", ["run", "work"])
def test_a_run_that_the_newer_one_began_is_finished_by_the_older_one(older, newer, api, db, verb):
    start_midway(newer, api, db, env=RESUME).kill9()
    upgrade(db, newer)
    wait_backends_gone(db)
    missing = missing_pages(db)
    release(api)
    result = older.succeed(verb, env=RESUME if verb == "run" else None)
    assert len(said(result)) == 1 and summary(result)["verdict"] == "succeeded"
    assert_asked_only(api, missing)
    assert_complete(db, api)


def test_both_share_a_run_under_which_the_ledger_is_upgraded(older, newer, api, db):
    begun = start_midway(older, api, db, env=RESUME)
    upgrade(db, newer)
    retried = older.start(env=RESUME)
    retried.wait_for_log(SERVED)
    back(db)
    helper = newer.start("work")
    helper.wait_for_log('"msg":"run started"')
    release(api)
    results = [process.result() for process in (begun, retried, helper)]
    assert [result.code for result in results] == [OK] * 3, "\n".join(map(str, results))
    assert_complete(db, api)


def test_the_other_verbs_work_and_tell_both_versions(older, newer, api, db, tmp_path):
    older.succeed()
    upgrade(db, newer)
    ledger, known, before = newest(db), knows(older), db.query(VERSIONS)
    checked = next(line for line in older.succeed("check").stdout.splitlines() if "  ledger  " in line)
    assert checked.startswith("ok") and f"version {ledger}" in checked and f"knows {known}" in checked
    assert f"ledger at version {ledger}, this binary knows {known}" in older.succeed("status").stdout
    told = older.succeed("status", "--json").json
    assert (told["ledger_version"], told["known_version"], told["runs"][0]["state"]) == (ledger, known, "succeeded")
    migrated = older.succeed("migrate").stdout
    assert f"version {ledger}" in migrated and f"knows {known}" in migrated and "nothing to do" in migrated
    older.succeed("report", "last", "--html", tmp_path / "last.html")
    assert "is left by the name" in older.run("abandon", "gone", "--why", "because").stderr
    assert db.query(VERSIONS) == before


def test_status_says_nothing_of_versions_where_there_is_nothing_to_say(newer):
    newer.succeed()
    assert "version" not in newer.succeed("status").stdout


@pretended
@pytest.mark.parametrize("verb", [
    ["run"], ["work"], ["migrate"], ["status"], ["check"], ["report", "last", "--html", "-"], ["abandon", "all", "--why", "because"]],
    ids=lambda verb: verb[0])
@pytest.mark.parametrize("serves", ["the one behind it", "nothing noted"])
def test_a_ledger_that_does_not_serve_it_is_78_and_says_what_helps(older, api, db, verb, serves):
    older.succeed()
    known = knows(older)
    note_step(db, known + 1 if serves == "the one behind it" else None)
    api.clear_log()
    result = older.run(*verb)
    text = result.stdout + result.stderr
    assert result.code == CONFIG, str(result)
    assert "has version 999" in text and f"knows versions up to {known}" in text and "use the newer pagehaul" in text
    assert f"version {known + 1 if serves == 'the one behind it' else 999} or newer" in text
    if verb != ["check"]:
        assert api.log() == []


@pretended
def test_one_step_of_several_that_does_not_serve_it_is_enough(older, db):
    older.succeed("migrate")
    known = knows(older)
    note_step(db, known + 1, version=998)
    note_step(db, known)
    assert older.run().code == CONFIG
