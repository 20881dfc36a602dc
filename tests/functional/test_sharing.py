"""Several processes of one pipeline: one run at a time, shared by its own processes, taken over from lost ones."""

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, INCOMPLETE, OK, SIGTERM_EXIT
from harness.recovery import (PAGES, RESUME, ROWS, assert_asked_only, assert_complete, done_pages, leftovers, missing_pages,
                              release, start_midway, summary)
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

EVERY_PAGE = range(1, PAGES + 1)
OTHER = {"PAGEHAUL_RUN_KEY": "job-2"}
# A process leases little ahead of need, so that there is something left for the other.
SMALL = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}
# A process that is stopped is noticed soon.
SHORT = {"run": {"heartbeat": "200ms", "stale": "2s", "drain": "1s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def runs(db):
    return db.query("SELECT id, state FROM pagehaul.run ORDER BY id")


def test_a_second_run_beside_a_first_is_refused_and_touches_nothing(pagehaul, api, db):
    first = start_midway(pagehaul, api, db, env=RESUME)
    asked = len(api.log())

    second = pagehaul.run(env=OTHER)

    assert second.code == INCOMPLETE, str(second)
    assert "run 1 (key job-1) holds the pipeline" in second.stderr and f"pid {first.pid}" in second.stderr
    assert len(api.log()) == asked and runs(db) == [(1, "running")] and len(done_pages(db)) == 12
    api.set(hold=False)
    assert first.result().code == OK
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def two_processes_halfway(pagehaul, api, db):
    """Both wait for answers of the API."""
    pagehaul.configure(SMALL, run={"drain": "60s"})
    first = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    api.wait(held=2, timeout=60)
    second = pagehaul.start(env=RESUME)
    api.wait(held=4, timeout=60)
    return first, second


def test_two_processes_of_one_run_share_its_pages(pagehaul, api, db):
    first, second = two_processes_halfway(pagehaul, api, db)
    api.set(hold=False)

    results = [first.result(), second.result()]

    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    requests = [summary(r)["requests"] for r in results]
    assert min(requests) >= 2 and sum(requests) == PAGES + 1
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_one_of_two_processes_may_be_stopped_and_the_other_finishes(pagehaul, api, db):
    first, second = two_processes_halfway(pagehaul, api, db)

    first.terminate()
    leases = "SELECT count(*) FROM pagehaul.page p JOIN pagehaul.worker w ON w.id = p.worker WHERE p.state = 'leased' AND w.pid = %s"
    eventually(lambda: db.scalar(leases, first.pid) == 2, 20, "what the first has not started goes back")
    api.set(hold=False)

    assert first.result().code == SIGTERM_EXIT
    result = second.result()
    assert result.code == OK, str(result)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_one_of_two_processes_may_be_killed_and_the_other_finishes(pagehaul, api, db):
    first, second = two_processes_halfway(pagehaul, api, db)
    first.kill9()
    api.set(hold=False)
    result = second.result()
    assert result.code == OK, str(result)
    assert_complete(db, api)


def frozen_past_its_lease(pagehaul, db, where):
    """A process that a fault point has stopped, and whose heartbeat is stale by now. It asks for one page at a time."""
    pagehaul.configure(SHORT, run={"workers": 1}, source={"limits": {"concurrency": 1}})
    frozen = pagehaul.start(env={**RESUME, "PAGEHAUL_FAULT": f"{where}:stop"})
    frozen.wait_stopped(60)
    eventually(lambda: db.scalar("SELECT max(heartbeat_at) < clock_timestamp() - interval '2 s' FROM pagehaul.worker"), 20,
               "its heartbeat is stale")
    return frozen


def written(db):
    """Every row version of the target and of the ledger's pages: a write leaves another one, even of equal values."""
    return [db.query(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1") for table in ("report.creative", "pagehaul.page")]


@pytest.mark.parametrize("where", ["before_commit:2", "after_decode:8"])
def test_a_process_stopped_past_its_lease_writes_nothing_more_when_it_wakes_up(pagehaul, api, db, where):
    """Inside a commit it holds locks, too: the next start ends its backends."""
    frozen = frozen_past_its_lease(pagehaul, db, where)

    pagehaul.succeed("run", "--fresh", env=OTHER)
    before = written(db)
    api.clear_log()
    frozen.thaw()
    result = frozen.result()

    assert result.code == INCOMPLETE, str(result)
    assert written(db) == before
    # A request that was on its way inside the process when it was stopped is beyond recall.
    assert len(api.log()) <= (0 if where.startswith("after_decode") else 1)
    assert runs(db) == [(1, "superseded"), (2, "succeeded")]
    assert_table_equals_oracle(db, api)


def test_a_process_stopped_past_its_lease_loses_its_pages_to_another_of_its_run(pagehaul, api, db):
    frozen = frozen_past_its_lease(pagehaul, db, "before_commit:2")

    pagehaul.succeed(env=RESUME)
    before = written(db)
    api.clear_log()
    frozen.thaw()

    # Its run has succeeded meanwhile, and that is the verdict of all its processes.
    assert frozen.result().code == OK
    assert written(db) == before
    assert len(api.log()) <= 1, "it asked for pages that are another's by now"
    assert_complete(db, api, settled=False)


def test_another_run_key_adopts_an_unfinished_run_of_the_same_config(pagehaul, api, db):
    pagehaul.configure(run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    running.terminate()
    assert running.result().code == SIGTERM_EXIT
    missing = missing_pages(db)
    release(api)

    result = pagehaul.succeed(env=OTHER)

    assert "adopted" in result.stderr
    assert_asked_only(api, missing)
    assert runs(db) == [(1, "succeeded")]
    assert_complete(db, api)
    assert pagehaul.succeed(env=RESUME).stderr.count("has succeeded already") == 1


@pytest.mark.parametrize("loss", ["TRUNCATE report.creative", "DROP TABLE report.creative",
                                  "ALTER TABLE report.creative RENAME TO before"])
@pytest.mark.parametrize("env", [RESUME, OTHER], ids=["resume", "adoption"])
def test_a_target_that_lost_its_rows_between_two_starts_is_pulled_whole(pagehaul, api, db, env, loss):
    pagehaul.configure(run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, env=RESUME)
    running.terminate()
    assert running.result().code == SIGTERM_EXIT
    release(api)
    db.query(loss)

    result = pagehaul.succeed(env=env)

    assert "sink.table was dropped, recreated, truncated or rewritten" in result.stderr
    assert_table_equals_oracle(db, api)
    assert db.scalar("SELECT pass FROM pagehaul.slice") == 2


def test_the_same_run_key_with_another_config_is_refused_and_told_what_differs(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    release(api)
    pagehaul.configure(source={"pagination": {"size": 75}})

    result = pagehaul.run(env=RESUME)

    assert result.code == CONFIG, str(result)
    assert "source.pagination.size: was 100, is 75" in result.stderr
    assert api.log() == []


def test_an_unfinished_run_of_another_config_is_not_continued(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    release(api)
    pagehaul.configure(source={"pagination": {"size": 75}})
    pagehaul.succeed(env=OTHER)
    assert set(api.pages_asked()) == set(range(1, 40 + 1))
    assert_table_equals_oracle(db, api)


def test_fresh_begins_anew_and_gives_up_the_unfinished_run(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    release(api)
    pagehaul.succeed("run", "--fresh", env=OTHER)
    assert_asked_only(api, EVERY_PAGE)
    assert [state for _, state in runs(db)] == ["superseded", "succeeded"]
    assert_complete(db, api)


def test_a_run_that_has_succeeded_is_not_run_again_by_its_key(pagehaul, api, db):
    pagehaul.succeed(env=RESUME)
    api.clear_log()
    result = pagehaul.succeed(env=RESUME)
    assert "has succeeded already" in result.stderr
    assert api.log() == [] and leftovers(db)["locked"] == 0


def test_a_run_after_one_that_succeeded_is_a_new_one(pagehaul, api, db):
    pagehaul.succeed(env=RESUME)
    api.clear_log()
    pagehaul.succeed(env=OTHER)
    assert_asked_only(api, EVERY_PAGE)
    assert [state for _, state in runs(db)] == ["succeeded", "succeeded"]
