"""PAGEHAUL_GRACE, the time that the platform gives from SIGTERM to the process's end: drain, flush and what follows fit in."""

import json
import socket
import time

import pytest

from harness.pagehaul import CONFIG, SIGTERM_EXIT
from harness.recovery import (RESUME, ROWS, SETTLED, assert_asked_only, assert_complete, done_pages, leftovers, missing_pages,
                              release, start_midway)
from harness.waiting import eventually

# Not kill_stop: what a sanitizer does at the exit would count into the grace.

LONG_DRAIN = {"run": {"drain": "60s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def grace(seconds):
    return {**RESUME, "PAGEHAUL_GRACE": seconds}


def ended_by_sigterm_within(running, seconds):
    """How long it took; the grace is the platform's, so there is no mercy beyond it."""
    began = time.monotonic()
    running.terminate()
    assert running.wait(seconds + 30) == SIGTERM_EXIT, running.tail()
    took = time.monotonic() - began
    assert took < seconds, f"took {took:.1f} s to end\n{running.tail()}"
    return took


def assert_the_next_run_goes_on(runner, api, db, env=RESUME):
    missing = missing_pages(db)
    release(api)
    runner.succeed(env=env)
    assert_asked_only(api, missing)
    assert_complete(db, api)


@pytest.mark.parametrize("told", ["8s", "8"])
def test_slow_requests_in_flight_get_what_is_left_of_it(pagehaul, api, db, told):
    running = start_midway(pagehaul.configure(LONG_DRAIN), api, db, env=grace(told))
    (line,) = [line for line in running.log if line["msg"] == "a SIGTERM leaves less than run.drain"]
    assert line["cause"] == "PAGEHAUL_GRACE of 8s leaves 4s of 1m"
    took = ended_by_sigterm_within(running, 8)
    assert took >= 4, "the drain"
    assert "the grace is over" not in running.stderr
    assert len(done_pages(db)) == 12 and leftovers(db) == SETTLED
    assert_the_next_run_goes_on(pagehaul, api, db)


def test_what_is_answered_in_time_is_stored(pagehaul, api, db):
    pagehaul.configure(LONG_DRAIN, source={"limits": {"concurrency": 4}})
    running = start_midway(pagehaul, api, db, env=grace("20s"))
    running.terminate()
    eventually(lambda: leftovers(db)["leased"] == 4, 15, "claims that were not started go back")
    release(api)
    assert running.wait() == SIGTERM_EXIT
    assert len(done_pages(db)) == 12 + 4 and leftovers(db) == SETTLED
    assert_the_next_run_goes_on(pagehaul, api, db)


def test_a_shorter_drain_stays_as_it_is(pagehaul, api, db):
    running = start_midway(pagehaul.configure(run={"drain": "0s"}), api, db, env=grace("20s"))
    ended_by_sigterm_within(running, 10)
    assert "leaves less" not in running.stderr
    assert leftovers(db) == SETTLED


def test_sigint_has_no_grace(pagehaul, api, db):
    pagehaul.configure(run={"drain": "7s"})
    running = start_midway(pagehaul, api, db, env=grace("8s"))
    began = time.monotonic()
    running.interrupt()
    running.wait()
    assert time.monotonic() - began >= 7


def test_a_commit_that_waits_for_a_lock_and_a_gateway_that_hangs_fit_in(pagehaul, api, db, tmp_path):
    """The worst of each part: requests that do not end, a database that holds the flush up, a gateway that never answers."""
    told = tmp_path / "termination-log"
    told.touch()
    with socket.socket() as silent, db.connect() as blocking, blocking.cursor() as cursor:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        pagehaul.configure(LONG_DRAIN, telemetry={"pushgateway": {"url": url}})
        running = start_midway(pagehaul, api, db, env={**grace("10s"), "PAGEHAUL_TERMINATION_LOG": told})
        blocking.autocommit = False
        cursor.execute("LOCK TABLE report.creative IN SHARE MODE")
        api.set(hold=False)
        eventually(lambda: db.scalar("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60, "a commit waits")
        ended_by_sigterm_within(running, 10)
        assert "the grace is over" not in running.stderr, "each part kept within its own share"
        message = json.loads(told.read_text())
        assert (message["verdict"], message["exit_code"]) == ("stopped", SIGTERM_EXIT)
        assert leftovers(db) == SETTLED and len(done_pages(db)) == 12
    pagehaul.configure(telemetry={"pushgateway": None})
    assert_the_next_run_goes_on(pagehaul, api, db)


def test_it_leaves_before_its_end_whatever_holds_it_up(pagehaul, api, db, proxy, tmp_path):
    """A database that says nothing any more: each wait for it alone is longer than what is left."""
    told = tmp_path / "termination-log"
    told.touch()
    pagehaul.configure(run={"drain": "60s", "heartbeat": "200ms", "stale": "2s"})
    through = {"DATABASE_URL": db.dsn_through(proxy.host, proxy.port)}
    running = start_midway(pagehaul, api, db, env={**grace("5s"), **through, "PAGEHAUL_TERMINATION_LOG": told})
    proxy.stall()
    ended_by_sigterm_within(running, 5)
    assert "exiting before all is settled: the grace is over" in running.stderr
    message = json.loads(told.read_text())
    assert (message["verdict"], message["exit_code"], message["run"]) == ("stopped", SIGTERM_EXIT, 1)
    proxy.stall(False)
    assert_the_next_run_goes_on(pagehaul, api, db, env={**RESUME, **through})


@pytest.mark.parametrize("told, said", [
    ("soon", 'PAGEHAUL_GRACE: expected a duration such as 15s, or a number of seconds, not "soon"'),
    ("", "PAGEHAUL_GRACE: expected a duration such as 15s, or a number of seconds"),
    ("-15", "PAGEHAUL_GRACE: expected"),
    ("4s", "PAGEHAUL_GRACE: expected 5s to 30d, not 4s"),
    ("99999999999999999", "PAGEHAUL_GRACE: expected 5s to 30d"),
])
def test_another_value_is_a_bad_config(pagehaul, api, tmp_path, told, said):
    told_of = tmp_path / "termination-log"
    told_of.touch()
    result = pagehaul.run(env={"PAGEHAUL_GRACE": told, "PAGEHAUL_TERMINATION_LOG": told_of})
    assert result.code == CONFIG and said in result.stderr, str(result)
    assert json.loads(told_of.read_text())["exit_code"] == CONFIG
    assert api.log() == []
