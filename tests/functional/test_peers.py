"""Processes of one run that hinder each other: what one holds, or is taken to be, never becomes another's failure."""

import os

import pytest

from harness.pagehaul import INCOMPLETE, OK
from harness.recovery import RESUME, ROWS, release, run_state, start_midway, summary

pytestmark = pytest.mark.kill_stop

SMALL = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}
SHORT = {"run": {"heartbeat": "200ms", "stale": "2s", "drain": "1s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def test_a_process_that_was_stopped_does_not_have_the_last_word_about_a_run_that_succeeded(pagehaul, api, db):
    # Behind a pooler no backend tells that it has stopped: nobody ends what it is about to say.
    pagehaul.configure(SMALL, run={"drain": "1s", "stale": "60s"}, sink={"pgbouncer": True})
    stopped = start_midway(pagehaul, api, db, answered=5, env={**RESUME, "PAGEHAUL_FAULT": "settle.read:1:stop"})
    stopped.terminate()
    stopped.wait_stopped(60)
    release(api)
    pagehaul.succeed(env=RESUME)

    stopped.thaw()

    assert stopped.result().code == OK, "the run's verdict is its processes'"
    told = pagehaul.succeed("status", "--json").json["runs"][0]
    assert (told["state"], told["verdict"]["verdict"]) == ("succeeded", "succeeded")


def test_slices_that_stay_locked_are_no_bug(pagehaul, mock_api, db):
    """By an administrator's transaction, say: no process of the run that could be ended. One CPU is one writer, whose first
    commit has made the rows for its next ones that mention the slice."""
    api = mock_api(rows=250)
    pagehaul.env["DATABASE_URL"] = db.dsn
    pagehaul.configure(SHORT, source={"base_url": api.url})
    api.set(hold_after=1)
    running = pagehaul.start(env=RESUME, prefix=["taskset", "-c", str(min(os.sched_getaffinity(0)))])
    api.wait(held=2, timeout=60)
    with db.connect() as blocking, blocking.cursor() as cursor:
        blocking.autocommit = False
        cursor.execute("SELECT pg_backend_pid() FROM pagehaul.slice FOR UPDATE")
        (pid,) = cursor.fetchone()
        api.set(hold=False)
        result = running.result()
        blocking.rollback()
    assert result.code == INCOMPLETE, str(result)
    assert f"open slices stayed locked by backend {pid}" in summary(result)["reason"]
    assert run_state(db) == "running"
    pagehaul.succeed(env=RESUME)
    assert run_state(db) == "succeeded"
