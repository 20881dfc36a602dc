"""What tests of interrupted runs share: a run halfway through, and what its continuation may ask and must leave.

The API of these tests serves ROWS rows: the last page is not full, so a proof asks page 1 once more and nothing beyond.
"""

from .oracle import assert_table_equals_oracle
from .waiting import eventually

ROWS, PAGES = 2950, 30
RESUME = {"PAGEHAUL_RUN_KEY": "job-1"}
SETTLED = {"leased": 0, "working": False, "locked": 0}


def start_midway(runner, api, db, answered=12, **options):
    """A running `run` of which exactly `answered` pages are stored (their numbers: done_pages); the API holds all others."""
    api.set(hold_after=answered)
    running = runner.start(**options)
    running.wait_for(lambda: len(done_pages(db)) == answered, 60, f"{answered} pages are stored")
    api.wait(held=1, timeout=60)
    return running


def release(api):
    """The API answers again; its log tells only what is asked from now on."""
    api.set(hold=False)
    api.clear_log()


def missing_pages(db):
    return set(range(1, PAGES + 1)) - done_pages(db)


def done_pages(db):
    """The numbers of the pages that the newest run has stored; empty before there is a ledger."""
    if not db.relation_exists("pagehaul.page"):
        return set()
    return {no for no, in db.query("SELECT p.no FROM pagehaul.page p WHERE p.state = 'done' AND p.no > 0 "
                                   "AND p.run_id = (SELECT max(id) FROM pagehaul.run)")}


def run_state(db):
    return db.scalar("SELECT state FROM pagehaul.run ORDER BY id DESC LIMIT 1") if db.relation_exists("pagehaul.run") else None


def leftovers(db):
    """The newest run's leased pages, whether the latest worker has not stopped (a killed one never says so), locks held."""
    return {"leased": db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'leased' "
                                "AND run_id = (SELECT max(id) FROM pagehaul.run)"),
            "working": db.scalar("SELECT stopped_at IS NULL FROM pagehaul.worker ORDER BY started_at DESC LIMIT 1"),
            "locked": db.scalar("SELECT count(*) FROM pagehaul.pipeline_lock WHERE run_id IS NOT NULL")}


def wait_backends_gone(db):
    """A killed client's last statement may still be running in the server; what it stores is known when it is gone."""
    eventually(lambda: db.scalar("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() "
                                 "AND application_name LIKE 'pagehaul%%'"), 30, "no backend of the program is left")


def summary(result):
    """The log's summary line: the verdict and what this process did."""
    return next(line for line in result.log if line["msg"] == "summary")


def assert_asked_only(api, missing):
    """The API was asked for the missing pages, once each, and for page 1 once more, by the proof."""
    assert sorted(api.pages_asked()) == sorted([*missing, 1])


def assert_complete(db, api, settled=True, rows=ROWS, pages=PAGES):
    """The newest run has succeeded, the table is the API's, and every page was stored in exactly one commit.

    settled=False: its process was killed after the verdict and before it tidied up.
    """
    assert_table_equals_oracle(db, api)
    assert run_state(db) == "succeeded"
    stored = db.query(
        "SELECT coalesce(sum(t.pages), 0)::int, coalesce(sum(t.fetched), 0)::int FROM pagehaul.tally t "
        "JOIN pagehaul.slice s ON s.id = t.slice_id AND s.pass = t.pass "
        "WHERE s.run_id = (SELECT max(id) FROM pagehaul.run)")[0]
    assert stored == (pages, rows)
    assert not settled or leftovers(db) == SETTLED, leftovers(db)
