"""Processes of one run that hinder each other: what one holds, or is taken to be, never becomes another's failure."""

import os

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import INCOMPLETE, OK
from harness.recovery import PAGES, RESUME, ROWS, assert_asked_only, assert_complete, release, run_state, start_midway, summary
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

EVERY_PAGE = range(1, PAGES + 1)
OTHER = {"PAGEHAUL_RUN_KEY": "job-2"}
SMALL = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}
SHORT = {"run": {"heartbeat": "200ms", "stale": "2s", "drain": "1s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def frozen(pagehaul, db, where, **env):
    """A process that a fault point has stopped, and whose heartbeat is stale by now. It asks for one page at a time."""
    pagehaul.configure(SHORT, run={"workers": 1}, source={"limits": {"concurrency": 1}})
    process = pagehaul.start(env={**RESUME, "PAGEHAUL_FAULT": f"{where}:stop", **env})
    process.wait_stopped(60)
    eventually(lambda: db.scalar("SELECT max(heartbeat_at) < clock_timestamp() - interval '2 s' FROM pagehaul.worker"), 20,
               "its heartbeat is stale")
    return process


@pytest.fixture
def as_another_role(db, postgres, role):
    """The environment of a process whose role may use the tables of the first one's, and may not end its backends."""
    def granted():
        for schema in ("pagehaul", "report"):
            db.query(f"GRANT USAGE ON SCHEMA {schema} TO {role}; "
                     f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}; "
                     f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
        return {"DATABASE_URL": db.dsn_through(postgres.host, postgres.port, user=role)}
    return granted


def test_a_lost_process_of_another_role_that_holds_nothing_is_taken_over_from(pagehaul, api, db, as_another_role):
    # Page 1 is committed, or there would be no page 2; behind that one a writer may be inside a commit.
    lost = frozen(pagehaul, db, "after_decode:2")
    pagehaul.succeed("run", "--fresh", env={**OTHER, **as_another_role()})
    assert_table_equals_oracle(db, api)
    lost.kill9()


def test_a_lost_process_of_another_role_that_holds_the_lock_is_named(pagehaul, api, db, as_another_role):
    lost = frozen(pagehaul, db, "before_commit:2")
    result = pagehaul.run(env={**OTHER, **as_another_role()})
    assert result.code == INCOMPLETE, str(result)
    assert "held by backend" in result.stderr and f"role {db.cluster.user}" in result.stderr
    lost.kill9()


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


def test_a_process_that_settles_is_alive_to_its_peers(pagehaul, api, db):
    """Its heartbeat has stopped, and has not gone: nobody ends the connection on which it says that it has stopped."""
    pagehaul.configure(SMALL, run={"drain": "1s", "stale": "60s"})
    settling = start_midway(pagehaul, api, db, answered=5, env={**RESUME, "PAGEHAUL_FAULT": "settle.read:1:stop"})
    settling.terminate()
    settling.wait_stopped(60)
    release(api)
    peer = pagehaul.succeed(env=RESUME)

    settling.thaw()

    result = settling.result()
    assert result.code == OK and "could not settle" not in result.stderr, str(result)
    assert "backends_ended" not in peer.stderr, str(peer)
    assert db.scalar("SELECT count(*) FROM pagehaul.worker WHERE stopped_at IS NULL") == 0


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



def test_connections_that_flap_make_no_page_a_killer(pagehaul, api, db):
    """The heartbeat's connection of whoever has the page is cut, again and again: its peer takes the page for lost with it."""
    # Room for all pages in each, whatever it holds in vain.
    pagehaul.configure(run={"workers": 32, "drain": "60s"}, source={"limits": {"concurrency": 32}})
    processes = [start_midway(pagehaul, api, db, answered=5, env=RESUME), pagehaul.start(env=RESUME)]
    eventually(lambda: db.scalar("SELECT count(*) FROM pagehaul.worker") == 2, 20, "both are there")
    page, epoch = db.query("SELECT no, epoch FROM pagehaul.page WHERE state = 'leased' ORDER BY no LIMIT 1")[0]

    def lost_again():
        """Cuts until the page has been claimed anew, by whomever."""
        db.query("SELECT pg_terminate_backend(w.backend_pid) FROM pagehaul.page p JOIN pagehaul.worker w ON w.id = p.worker "
                 "WHERE p.no = %s AND p.state = 'leased'", page)
        return db.scalar("SELECT epoch FROM pagehaul.page WHERE no = %s AND state = 'leased'", page) not in (None, epoch)

    for _ in range(4):
        eventually(lost_again, 60, "the page is lost with its holder's heartbeat")
        epoch = db.scalar("SELECT epoch FROM pagehaul.page WHERE no = %s", page)
    assert db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'failed'") == 0
    api.set(hold=False)
    assert [process.result().code for process in processes] == [OK, OK], "\n".join(str(p.result()) for p in processes)
    assert_table_equals_oracle(db, api)


def test_a_lease_that_grows_old_in_its_holders_hands_stays_its_own(pagehaul, api, db):
    """A slow rate, or a long pause that the API asked for: others see no more of a lease than its age."""
    pagehaul.configure(SHORT, SMALL, run={"drain": "60s"})
    first = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    api.wait(held=2, timeout=60)
    db.query("UPDATE pagehaul.page SET leased_at = leased_at - interval '1 day' WHERE state = 'leased'")
    eventually(lambda: db.scalar("SELECT min(leased_at) > clock_timestamp() - interval '1 minute' FROM pagehaul.page "
                                 "WHERE state = 'leased'"), 20, "its holder renews it")
    second = pagehaul.start(env=RESUME)
    api.wait(held=4, timeout=60)
    eventually(lambda: db.scalar("SELECT max(started_at) < clock_timestamp() - interval '3 s' FROM pagehaul.worker"), 20,
               "the second may judge by time")
    api.set(hold=False)
    assert [first.result().code, second.result().code] == [OK, OK]
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)
