"""kill -9, wherever it strikes: the next run asks only for what is missing, and the table is right."""

import time

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import DATA, OK
from harness.recovery import (PAGES, RESUME, ROWS, assert_asked_only, assert_complete, done_pages, missing_pages,
                              release, run_state, start_midway, summary, wait_backends_gone)

pytestmark = pytest.mark.kill_stop


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.mark.parametrize("env", [None, RESUME], ids=["with another run key", "with the same run key"])
def test_a_rerun_at_once_after_kill_9_asks_only_for_the_missing_pages(pagehaul, api, db, env):
    pagehaul.configure(run={"heartbeat": "5s", "stale": "30s"})
    start_midway(pagehaul, api, db, env=env).kill9()
    missing = missing_pages(db)
    assert len(missing) == PAGES - 12
    release(api)

    began = time.monotonic()
    pagehaul.succeed(env=env)

    assert time.monotonic() - began < 20, "the killed process was waited for"
    assert_asked_only(api, missing)
    assert_complete(db, api)


@pytest.mark.parametrize("fault", [
    "before_start", "start.planned", "after_start",
    "after_claim", "after_claim:2",
    "mid_fetch", "mid_fetch:20",
    "after_decode", "after_decode:15", f"after_decode:{PAGES + 1}",
    "before_commit", "before_commit:2", "after_commit", "after_commit:2",
    "before_settle",
])
def test_a_run_killed_there_continues_with_what_is_missing(pagehaul, api, db, fault):
    killed = pagehaul.run(env={**RESUME, "PAGEHAUL_FAULT": fault})
    assert killed.code == 137, str(killed)
    wait_backends_gone(db)
    missing = missing_pages(db)
    finished = run_state(db) == "succeeded"
    api.clear_log()

    pagehaul.succeed(env=RESUME)

    if finished:
        assert api.log() == []
    else:
        assert_asked_only(api, missing)
    assert_complete(db, api, settled=not finished)


def test_a_run_killed_after_each_commit_advances_with_each_start(pagehaul, api, db):
    stored = [0]
    for _ in range(3):
        if pagehaul.run(env={**RESUME, "PAGEHAUL_FAULT": "after_commit"}).code == OK:
            break
        wait_backends_gone(db)
        assert len(done_pages(db)) > stored[-1]
        stored.append(len(done_pages(db)))
    assert len(stored) > 2, "the first start commits page 1 alone"
    pagehaul.succeed(env=RESUME)
    assert_complete(db, api)


def test_a_page_that_kills_its_worker_three_times_is_failed_and_the_rest_is_stored(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    release(api)
    # Twice a whole batch is lost with its worker; the third time each page of it is tried alone, the first one first.
    for _ in range(2):
        assert pagehaul.run(env={**RESUME, "PAGEHAUL_FAULT": "after_decode"}).code == 137
    wait_backends_gone(db)

    result = pagehaul.run(env=RESUME)

    assert result.code == DATA, str(result)
    assert "kills its worker" in summary(result)["reason"]
    failed = db.query("SELECT no, error FROM pagehaul.page WHERE state = 'failed'")
    assert len(failed) == 1 and "kills its worker" in failed[0][1]
    assert done_pages(db) == set(range(1, PAGES + 1)) - {failed[0][0]}
    assert db.scalar("SELECT count(*) FROM report.creative") == ROWS - 100

    pagehaul.succeed("retry")
    assert_table_equals_oracle(db, api)
