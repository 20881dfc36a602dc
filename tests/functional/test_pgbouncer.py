"""Behind PgBouncer in transaction mode (`sink.pgbouncer: true`): no session lasts, and no backend tells of a process."""

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import INCOMPLETE, OK, SIGTERM_EXIT
from harness.pgbouncer import PgBouncer
from harness.recovery import RESUME, ROWS, assert_complete, leftovers, missing_pages, release, start_midway

pytestmark = pytest.mark.kill_stop


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def pooled(pagehaul, db, postgres):
    """The runner, its database reached through the pooler."""
    pooler = PgBouncer(postgres)
    pagehaul.env["DATABASE_URL"] = db.dsn_through(pooler.host, pooler.port)
    yield pagehaul.configure(sink={"pgbouncer": True}, run={"drain": "0s"})
    pooler.close()


def test_a_run_through_the_pooler_is_complete(pooled, api, db):
    pooled.succeed("check")
    pooled.succeed()
    assert_complete(db, api)


def test_a_stopped_run_is_resumed_at_once(pooled, api, db):
    running = start_midway(pooled, api, db, env=RESUME)
    running.terminate()
    assert running.result().code == SIGTERM_EXIT
    assert leftovers(db) == {"leased": 0, "working": False, "locked": 0}
    missing = missing_pages(db)
    release(api)
    pooled.succeed(env=RESUME)
    assert set(api.pages_asked()) - {1} == missing - {1}
    assert_complete(db, api)


def test_a_killed_run_holds_the_lock_until_its_heartbeat_is_stale(pooled, api, db):
    start_midway(pooled, api, db, env=RESUME).kill9()
    release(api)
    refused = pooled.run(env={"PAGEHAUL_RUN_KEY": "job-2"})
    assert refused.code == INCOMPLETE and "holds the pipeline" in refused.stderr, str(refused)
    pooled.succeed(env=RESUME, timeout=120)
    assert_table_equals_oracle(db, api)


def test_a_process_frozen_inside_a_transaction_is_ended_once_its_heartbeat_is_stale(pooled, api, db):
    """It holds the pooler's backend, and with it the pipeline's lock, for ever."""
    pooled.configure(run={"heartbeat": "200ms", "stale": "2s"})
    frozen = pooled.start(env={**RESUME, "PAGEHAUL_FAULT": "before_commit:2:stop"})
    frozen.wait_stopped(60)
    pooled.succeed(env=RESUME, timeout=120)
    frozen.thaw()
    assert frozen.result().code == OK
    assert_complete(db, api, settled=False)


def test_two_processes_keep_one_rate_through_the_pooler(pooled, api, db):
    # Each leases little ahead of need, so that there is something left for the other.
    pooled.configure(source={"limits": {"rate": "10/s", "concurrency": 2}}, run={"workers": 2})
    first = pooled.start(env=RESUME)
    second = pooled.start_raw("run", "-c", pooled.config_path, env=RESUME)
    results = [first.result(), second.result()]
    assert [result.code for result in results] == [OK, OK], "\n".join(map(str, results))
    asked = [entry["t_ms"] / 1000 for entry in api.log()]
    seconds = max(asked) - min(asked)
    assert (len(asked) - 2) / 10 - 0.1 <= seconds <= len(asked) / 10 * 1.3 + 1
    assert_complete(db, api)
