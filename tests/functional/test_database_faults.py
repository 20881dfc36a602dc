"""The database restarts, goes away, or loses an answer: the run goes on, stores each page once, or ends in time with 69."""

import pytest

from harness.bad_gateways import answering_anybody
from harness.pagehaul import OK, UNAVAILABLE
from harness.proxy import COMMIT
from harness.recovery import (PAGES, RESUME, ROWS, assert_asked_only, assert_complete, missing_pages, release, start_midway,
                              summary)

pytestmark = pytest.mark.kill_stop

EVERY_PAGE = range(1, PAGES + 1)


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def through(pagehaul, db, proxy):
    """The runner whose connections go through the proxy; few beats, so that the next COMMIT is not a reaper's."""
    pagehaul.env["DATABASE_URL"] = db.dsn_through(proxy.host, proxy.port)
    return pagehaul.configure(run={"heartbeat": "5s", "stale": "30s"})


def assert_counted_once(result):
    told = summary(result)
    assert (told["rows"], told["stored"], told["pages_done"]) == (ROWS, ROWS, PAGES)
    assert told["requests"] == PAGES + 1


def test_a_run_goes_on_when_the_database_restarts(pagehaul, api, db, postgres):
    running = start_midway(pagehaul, api, db)
    postgres.restart("fast")
    api.set(hold=False)

    result = running.result()

    assert result.code == OK, str(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_after_a_crash_of_the_server_the_run_has_every_row(pagehaul, api, db, postgres):
    """What was committed last may be lost, rows and `done` together: then those pages are asked for again."""
    # The WAL goes to the disk late: the crash loses some.
    db.query("ALTER SYSTEM SET wal_writer_delay = '10s'")
    db.query("SELECT pg_reload_conf()")
    running = start_midway(pagehaul, api, db)
    postgres.restart("immediate")
    api.set(hold=False)

    result = running.result()

    assert result.code == OK, str(result)
    assert {*api.pages_asked()} == {*EVERY_PAGE}
    assert_complete(db, api)


def test_a_database_away_for_longer_than_the_patience_ends_the_run_with_69(pagehaul, api, db, postgres):
    pagehaul.configure(run={"patience": "2s", "drain": "1s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    postgres.stop("immediate")
    api.set(hold=False)

    result = running.result()

    assert result.code == UNAVAILABLE, str(result)
    postgres.start()
    missing = missing_pages(db)
    release(api)
    pagehaul.succeed(env=RESUME)
    assert_asked_only(api, missing)
    assert_complete(db, api)


def test_a_start_waits_for_a_database_that_is_not_up_yet(pagehaul, api, db, postgres):
    postgres.stop()
    running = pagehaul.start()
    running.wait_for_log("database unavailable", 60)
    assert api.log() == []
    postgres.start()
    assert running.result().code == OK
    assert_complete(db, api)


def test_a_start_gives_up_on_a_database_that_stays_away(pagehaul, api, db, postgres):
    postgres.stop()
    pagehaul.configure(run={"patience": "1s"})
    result = pagehaul.run()
    assert result.code == UNAVAILABLE, str(result)
    assert api.log() == []


def test_a_writer_whose_commit_lost_its_answer_asks_the_ledger(through, api, db, proxy):
    running = start_midway(through, api, db)
    rule = proxy.lose_answer(COMMIT, after=b"COPY ")
    api.set(hold=False)

    result = running.result()

    assert result.code == OK and rule.fired.is_set(), str(result)
    assert "the answer to COMMIT was lost" in result.stderr
    assert_counted_once(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_a_writer_whose_commit_never_arrived_commits_again(through, api, db, proxy):
    running = start_midway(through, api, db)
    rule = proxy.cut_before(COMMIT, after=b"COPY ")
    api.set(hold=False)

    result = running.result()

    assert result.code == OK and rule.fired.is_set(), str(result)
    assert "the answer to COMMIT was lost" in result.stderr
    assert_counted_once(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


@pytest.mark.parametrize("nth", range(1, 8))
def test_any_commit_may_lose_its_answer(through, api, db, proxy, nth):
    """Migration, start, claims, pages, proof, the end: whoever it hits resolves it without a second fetch."""
    rule = proxy.lose_answer(COMMIT, nth)
    result = through.run()
    assert result.code == OK and rule.fired.is_set(), str(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


@pytest.mark.parametrize("statement", [
    b"pg_advisory_xact_lock_shared", b"FOR UPDATE OF p SKIP LOCKED", b"COPY ", b"ON CONFLICT", b"SET CONSTRAINTS ALL IMMEDIATE",
    b"pipeline_lock SET expires_at",
], ids=["the fence", "a claim", "the copy", "the merge", "the pages' end", "a heartbeat"])
def test_a_connection_cut_at_that_statement_is_opened_again(through, api, db, proxy, statement):
    api.set(latency="50ms")
    through.configure(run={"heartbeat": "100ms"}, source={"limits": {"concurrency": 2}})
    rule = proxy.cut_before(statement, nth=2)

    result = through.run()

    assert rule.fired.is_set()
    assert result.code == OK, str(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_all_connections_cut_at_once_are_opened_again(through, api, db, proxy):
    running = start_midway(through, api, db)
    proxy.cut()
    api.set(hold=False)
    assert running.result().code == OK
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_something_else_that_answers_in_the_servers_place_is_waited_for(pagehaul):
    """libpq: received invalid response to SSL negotiation. Not a mistake of the config: the server may be back the next time."""
    with answering_anybody() as url:
        pagehaul.env["DATABASE_URL"] = url.replace("http://", "postgresql://u:some-secret@") + "/db?sslmode=require"
        result = pagehaul.configure(run={"patience": "1s"}).run()
    assert result.code == UNAVAILABLE and "invalid response to SSL negotiation" in result.stderr, str(result)
