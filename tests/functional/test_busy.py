"""A start beside another run of its pipeline that is at work: --if-busy fail, wait and skip."""

import json
import time

import pytest

from harness.ending import lines, summary
from harness.pagehaul import INCOMPLETE, OK, SIGINT_EXIT, SIGTERM_EXIT, USAGE
from harness.recovery import (PAGES, RESUME, ROWS, assert_asked_only, assert_complete, done_pages, leftovers, missing_pages,
                              release, start_midway)
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

OTHER = {"PAGEHAUL_RUN_KEY": "job-2"}
BEGINS, GOES_ON = "another run is at work, waiting for its end", "the other run is over, going on"
OF_THE_PIPELINE = ["pagehaul_last_success_timestamp_seconds", "pagehaul_last_run_timestamp_seconds", "pagehaul_last_run_success",
                   "pagehaul_last_run_exit_code", "pagehaul_run_in_progress", "pagehaul_source_watermark_timestamp_seconds"]


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def first(pagehaul, api, db):
    """Halfway; the API holds what it asks."""
    return start_midway(pagehaul, api, db, env=RESUME)


def runs(db):
    return db.query("SELECT id, state FROM pagehaul.run ORDER BY id")


def waiting_beside(first, runner, *args, env=OTHER):
    """A second run that waits for the first."""
    second = runner.start("run", "--if-busy", "wait", *args, env=env)
    told = json.loads(second.wait_for_log(BEGINS, 60))
    assert "run 1 (key job-1) holds the pipeline" in told["cause"] and f"pid {first.pid}" in told["cause"]
    return second


def nothing_came_of_it(second, api, db, asked):
    return len(api.log()) == asked and runs(db) == [(1, "running")] and len(done_pages(db)) == 12 and second.stdout == ""


@pytest.mark.parametrize("how", [(), ("--if-busy", "fail")], ids=["unless told", "fail"])
def test_it_fails_and_touches_nothing(pagehaul, first, api, db, how):
    asked = len(api.log())
    second = pagehaul.run("run", *how, env=OTHER)
    assert second.code == INCOMPLETE and "run 1 (key job-1) holds the pipeline" in summary(second)["reason"], str(second)
    assert len(api.log()) == asked and runs(db) == [(1, "running")]
    api.set(hold=False)
    assert first.result().code == OK


def test_it_waits_and_then_makes_a_run_of_its_own(pagehaul, first, api, db):
    asked = len(api.log())
    second = waiting_beside(first, pagehaul)
    assert nothing_came_of_it(second, api, db, asked)
    release(api)

    assert first.result().code == OK
    result = second.result()

    assert result.code == OK and summary(result)["verdict"] == "succeeded", str(result)
    assert runs(db) == [(1, "succeeded"), (2, "succeeded")]
    assert summary(result)["requests"] == PAGES + 1
    assert len(lines(result, BEGINS)) == 1
    (on,) = lines(result, GOES_ON)
    assert 0 < on["duration_ms"] < 60_000
    assert_complete(db, api)


def test_while_it_waits_it_has_one_connection_and_no_lock(pagehaul, first, api, db):
    second = waiting_beside(first, pagehaul)
    backends = ("FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name LIKE 'pagehaul %%' "
                "AND NOT EXISTS (SELECT FROM pagehaul.worker w WHERE a.application_name = 'pagehaul ' || w.id)")
    eventually(lambda: db.query(f"SELECT a.state, a.xact_start IS NULL {backends}") == [("idle", True)], 20,
               "one connection, which looks now and then")
    second.terminate()
    assert second.wait() == SIGTERM_EXIT
    api.set(hold=False)
    assert first.result().code == OK


def test_when_the_other_run_is_killed_it_goes_on_with_what_that_left(pagehaul, first, api, db):
    second = waiting_beside(first, pagehaul)
    first.kill9()
    second.wait_for_log(GOES_ON, 30)
    missing = missing_pages(db)
    release(api)
    assert second.result().code == OK
    assert_asked_only(api, missing)
    assert runs(db) == [(1, "succeeded")]
    assert_complete(db, api)


def test_two_that_wait_under_one_key_share_the_run(pagehaul, first, api, db):
    pagehaul.configure(run={"workers": 2}, source={"limits": {"concurrency": 2}})
    both = [waiting_beside(first, pagehaul), waiting_beside(first, pagehaul)]
    first.kill9()
    at_work = "SELECT count(*) FROM pagehaul.worker WHERE run_id = 1 AND stopped_at IS NULL AND pid = ANY(%s)"
    eventually(lambda: db.scalar(at_work, [each.pid for each in both]) == 2, 30, "neither waits for the other")
    release(api)
    results = [each.result() for each in both]
    assert [result.code for result in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api)


@pytest.mark.parametrize("send, code", [("terminate", SIGTERM_EXIT), ("interrupt", SIGINT_EXIT)])
def test_a_signal_ends_the_wait_at_once_and_says_nothing_of_the_pipeline(pagehaul, api, db, pushgateway, tmp_path, send, code):
    pagehaul.configure(telemetry={"pushgateway": {"url": pushgateway.url, "interval": "1h"}}, run={"drain": "60s"})
    first = start_midway(pagehaul, api, db, env=RESUME)
    eventually(lambda: pushgateway.metric("pagehaul_run_in_progress"), 20, "the first has pushed")
    before = {name: pushgateway.metric(name) for name in OF_THE_PIPELINE}
    told = tmp_path / "termination-log"
    told.touch()
    second = waiting_beside(first, pagehaul, env={**OTHER, "PAGEHAUL_TERMINATION_LOG": told})
    asked = len(api.log())

    began = time.monotonic()
    getattr(second, send)()
    assert second.wait() == code
    assert time.monotonic() - began < 6

    message = json.loads(told.read_text())
    assert (message["verdict"], message["exit_code"], message["run"]) == ("stopped", code, 0)
    assert {name: pushgateway.metric(name) for name in OF_THE_PIPELINE} == before
    assert nothing_came_of_it(second, api, db, asked)
    api.set(hold=False)
    assert first.result().code == OK


def test_the_deadline_ends_the_wait(pagehaul, first, api, db):
    pagehaul.configure(run={"deadline": "3s", "drain": "1s"})
    result = waiting_beside(first, pagehaul).result()
    assert result.code == INCOMPLETE, str(result)
    assert summary(result)["reason"].startswith("run.deadline was reached while another run was waited for: run 1 (key job-1)")
    assert runs(db) == [(1, "running")]
    api.set(hold=False)
    assert first.result().code == OK


@pytest.mark.parametrize("args, env", [(("--if-busy", "skip"), {}), ((), {"PAGEHAUL_IF_BUSY": "skip"})], ids=["argument", "environment"])
def test_it_is_skipped_with_0_which_is_no_success_of_the_pipeline(pagehaul, api, db, pushgateway, tmp_path, args, env):
    pagehaul.configure(telemetry={"pushgateway": {"url": pushgateway.url, "interval": "1h"}})
    first = start_midway(pagehaul, api, db, env=RESUME)
    eventually(lambda: pushgateway.metric("pagehaul_run_in_progress"), 20, "the first has pushed")
    before = {name: pushgateway.metric(name) for name in OF_THE_PIPELINE}
    assert before["pagehaul_last_success_timestamp_seconds"] == {}
    asked = len(api.log())
    told = tmp_path / "termination-log"
    told.touch()

    second = pagehaul.run("run", *args, env={**OTHER, **env, "PAGEHAUL_TERMINATION_LOG": told})

    assert second.code == OK, str(second)
    line, message = summary(second), json.loads(told.read_text())
    for said in (line, message):
        assert (said["verdict"], said["exit_code"]) == ("skipped", OK)
        assert "run 1 (key job-1) holds the pipeline" in said["reason"] and "every page" not in said["reason"]
    assert {name: pushgateway.metric(name) for name in OF_THE_PIPELINE} == before
    assert len(api.log()) == asked and runs(db) == [(1, "running")]
    release(api)
    assert first.result().code == OK
    # With nobody at work there is nothing to skip for.
    assert summary(pagehaul.succeed("run", *args, env={**OTHER, **env}))["verdict"] == "succeeded"
    assert leftovers(db)["locked"] == 0


@pytest.mark.parametrize("args, env", [(("--if-busy", "hope"), {}), ((), {"PAGEHAUL_IF_BUSY": "hope"})], ids=["argument", "environment"])
def test_another_word_is_a_wrong_command_line(pagehaul, args, env):
    result = pagehaul.run("run", *args, env=env)
    assert result.code == USAGE and "fail,wait,skip" in result.stderr, str(result)
