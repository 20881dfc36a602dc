"""SIGTERM, SIGINT and the deadline, in every phase: the process ends in time, and what it leaves can be resumed."""

import json
import time

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import INCOMPLETE, OK, SIGINT_EXIT, SIGTERM_EXIT
from harness.recovery import (RESUME, ROWS, SETTLED, assert_asked_only, assert_complete, done_pages, leftovers,
                              missing_pages, release, start_midway)
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

FOUR_IN_FLIGHT = {"source": {"limits": {"concurrency": 4}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def ends_within(running, seconds):
    """The exit code; it came in time, with five seconds of mercy for a busy machine and a build with sanitizers."""
    began = time.monotonic()
    code = running.wait(seconds + 30)
    took = time.monotonic() - began
    assert took < seconds + 5, f"took {took:.1f} s to end\n{running.tail()}"
    return code


def wait_until_unstarted_pages_are_back(db, in_flight):
    """Phase 1 has begun: only what is in flight is leased."""
    eventually(lambda: leftovers(db)["leased"] == in_flight, 20, "claims that were not started go back")


def assert_the_next_run_asks_only_for_what_is_missing(runner, api, db):
    missing = missing_pages(db)
    release(api)
    runner.succeed(env=RESUME)
    assert_asked_only(api, missing)
    assert_complete(db, api)


def test_sigterm_finishes_what_is_in_flight_and_begins_nothing_new(pagehaul, api, db, tmp_path):
    told = tmp_path / "termination-log"
    told.touch()
    pagehaul.configure(FOUR_IN_FLIGHT, run={"drain": "60s"})
    running = start_midway(pagehaul, api, db, env={**RESUME, "PAGEHAUL_TERMINATION_LOG": told})

    running.terminate()
    wait_until_unstarted_pages_are_back(db, 4)
    release(api)

    assert ends_within(running, 3) == SIGTERM_EXIT
    assert api.log() == []
    assert len(done_pages(db)) == 12 + 4
    assert leftovers(db) == SETTLED
    message = json.loads(told.read_text())
    assert (message["exit_code"], message["verdict"], message["pages_done"], message["pages_open"]) == (143, "stopped", 16, 14)
    assert_the_next_run_asks_only_for_what_is_missing(pagehaul, api, db)


def test_sigint_is_told_apart_from_sigterm(pagehaul, api, db, tmp_path):
    told = tmp_path / "termination-log"
    told.touch()
    pagehaul.configure(run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, env={"PAGEHAUL_TERMINATION_LOG": told})
    running.interrupt()
    assert ends_within(running, 1) == SIGINT_EXIT
    assert json.loads(told.read_text())["exit_code"] == SIGINT_EXIT


def test_without_a_drain_an_api_that_never_answers_is_left_at_once(pagehaul, api, db):
    pagehaul.configure(run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    running.terminate()
    assert ends_within(running, 1) == SIGTERM_EXIT
    assert leftovers(db) == SETTLED
    assert_the_next_run_asks_only_for_what_is_missing(pagehaul, api, db)


def test_an_api_that_never_answers_gets_the_drain_and_no_more(pagehaul, api, db):
    pagehaul.configure(run={"drain": "2s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    began = time.monotonic()
    running.terminate()
    assert ends_within(running, 3) == SIGTERM_EXIT
    assert time.monotonic() - began >= 2
    assert leftovers(db) == SETTLED


def test_a_wait_for_the_next_try_ends_at_once(pagehaul, api, db):
    api.set(down=True)
    pagehaul.configure(source={"retry": {"base": "60s", "max": "60s"}}, run={"drain": "60s"})
    running = pagehaul.start(env=RESUME)
    running.wait_for_log("page failed", 60)
    running.terminate()
    assert ends_within(running, 1) == SIGTERM_EXIT
    assert leftovers(db) == SETTLED


def test_waits_in_the_rate_limiter_and_the_queue_end_at_once(pagehaul, api, db):
    pagehaul.configure(source={"limits": {"rate": "1/m", "burst": 3}}, run={"drain": "60s"})
    running = pagehaul.start(env=RESUME)
    running.wait_for(lambda: len(done_pages(db)) == 3, 60, "the burst is used up")
    running.terminate()
    assert ends_within(running, 1) == SIGTERM_EXIT
    assert leftovers(db) == SETTLED
    assert len(api.log()) == 3


def test_the_first_page_in_flight_is_finished_too(pagehaul, api, db):
    api.set(hold=True)
    pagehaul.configure(run={"drain": "60s"})
    running = pagehaul.start(env=RESUME)
    api.wait(held=1, timeout=60)
    running.terminate()
    release(api)
    assert ends_within(running, 3) == SIGTERM_EXIT
    assert done_pages(db) == {1} and leftovers(db) == SETTLED


def test_a_start_that_waits_for_a_lock_in_the_database_ends_at_once(pagehaul, api, db):
    pagehaul.succeed("migrate")
    with db.connect() as blocking, blocking.cursor() as cursor:
        blocking.autocommit = False
        cursor.execute("LOCK TABLE pagehaul.pipeline_lock IN ACCESS EXCLUSIVE MODE")
        running = pagehaul.start()
        eventually(lambda: db.scalar("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60, "the start waits")
        running.terminate()
        assert ends_within(running, 2) == SIGTERM_EXIT
    assert api.log() == []


def test_a_start_that_waits_for_the_database_ends_at_once(pagehaul, api, db, proxy):
    proxy.refuse()
    running = pagehaul.start(env={"DATABASE_URL": db.dsn_through(proxy.host, proxy.port)})
    running.wait_for_log("database unavailable", 60)
    running.terminate()
    assert ends_within(running, 2) == SIGTERM_EXIT


def test_a_commit_that_waits_for_a_lock_is_ended_after_the_flush_limit(pagehaul, api, db):
    pagehaul.configure(run={"drain": "1s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    with db.connect() as blocking, blocking.cursor() as cursor:
        blocking.autocommit = False
        cursor.execute("LOCK TABLE report.creative IN SHARE MODE")
        api.set(hold=False)
        eventually(lambda: db.scalar("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60, "a commit waits")
        running.terminate()
        assert ends_within(running, 1 + 5 + 2) == SIGTERM_EXIT
        assert leftovers(db) == SETTLED
        assert len(done_pages(db)) == 12
    assert_the_next_run_asks_only_for_what_is_missing(pagehaul, api, db)


def test_a_second_sigterm_ends_it_at_once(pagehaul, api, db):
    pagehaul.configure(FOUR_IN_FLIGHT, run={"drain": "60s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    running.terminate()
    wait_until_unstarted_pages_are_back(db, 4)
    running.terminate()
    assert ends_within(running, 1) == SIGTERM_EXIT
    assert_the_next_run_asks_only_for_what_is_missing(pagehaul, api, db)


def test_a_signal_after_the_verdict_keeps_the_verdict(pagehaul, api, db):
    running = pagehaul.start(env={"PAGEHAUL_FAULT": "before_settle:1:stop"})
    running.wait_stopped(60)
    running.terminate()
    running.thaw()
    assert ends_within(running, 3) == OK
    assert_complete(db, api)


def test_settling_waits_for_no_lock_for_long(pagehaul, api, db):
    running = pagehaul.start(env={"PAGEHAUL_FAULT": "before_settle:1:stop"})
    running.wait_stopped(60)
    with db.connect() as blocking, blocking.cursor() as cursor:
        blocking.autocommit = False
        cursor.execute("LOCK TABLE pagehaul.pipeline_lock IN ACCESS EXCLUSIVE MODE")
        running.thaw()
        assert ends_within(running, 6) == OK
    assert_table_equals_oracle(db, api)


def test_the_deadline_drains_before_it_and_leaves_a_run_to_resume(pagehaul, api, db):
    pagehaul.configure(FOUR_IN_FLIGHT, run={"deadline": "16s", "drain": "10s"})
    began = time.monotonic()
    running = start_midway(pagehaul, api, db, env=RESUME)
    wait_until_unstarted_pages_are_back(db, 4)
    release(api)
    assert running.wait() == INCOMPLETE
    assert 6 <= time.monotonic() - began < 16
    assert "run.deadline" in running.stderr
    assert len(done_pages(db)) == 12 + 4 and leftovers(db) == SETTLED
    pagehaul.configure(run={"deadline": None})
    assert_the_next_run_asks_only_for_what_is_missing(pagehaul, api, db)
