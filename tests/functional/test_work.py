"""`pagehaul work`: helpers of a run in progress, which come and go with the length of its queue."""

import pytest

from harness.ending import summary
from harness.pagehaul import CONFIG, OK, SIGTERM_EXIT
from harness.recovery import PAGES, RESUME, ROWS, assert_asked_only, assert_complete, missing_pages, release, start_midway
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

EVERY_PAGE = range(1, PAGES + 1)
SMALL = {"run": {"workers": 2, "drain": "60s"}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def queue(db):
    return db.query("SELECT pipeline, run, pending + leased = length, length FROM pagehaul.queue_length")


def assert_idle(result, why):
    assert result.code == OK, str(result)
    line = summary(result)
    assert (line["verdict"], line["requests"]) == ("nothing due", 0) and why in line["reason"], line


def test_without_a_run_there_is_nothing_to_do(pagehaul, api, db):
    assert_idle(pagehaul.run("work"), "no run of pipeline creative_report is in progress")
    assert queue(db) == [] and api.pages_asked() == []


def test_behind_a_run_there_is_nothing_to_do(pagehaul, api, db):
    pagehaul.succeed(env=RESUME)
    api.clear_log()
    assert_idle(pagehaul.run("work"), "no run of pipeline creative_report is in progress")
    assert api.pages_asked() == []


def test_a_helper_shares_the_run_and_each_page_is_asked_for_once(pagehaul, api, db):
    pagehaul.configure(SMALL)
    first = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    assert queue(db) == [("creative_report", 1, True, PAGES - 5)]
    helper = pagehaul.start("work")
    api.wait(held=4, timeout=60)
    api.set(hold=False)
    results = [first.result(), helper.result()]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert summary(results[1])["requests"] >= 2
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)
    assert queue(db) == []


def test_a_helper_goes_on_alone_when_the_run_s_process_was_killed(pagehaul, api, db):
    first = start_midway(pagehaul, api, db, env=RESUME)
    first.kill9()
    missing = missing_pages(db)
    release(api)
    result = pagehaul.run("work")
    assert result.code == OK and "resumed the run" in result.stderr, str(result)
    assert_asked_only(api, missing)
    assert_complete(db, api)


def test_a_helper_that_is_stopped_gives_back_what_it_has_not_begun(pagehaul, api, db):
    pagehaul.configure(SMALL, run={"drain": "1s"})
    first = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    helper = pagehaul.start("work")
    api.wait(held=4, timeout=60)
    helper.terminate()
    assert helper.result().code == SIGTERM_EXIT
    leased = "SELECT count(*) FROM pagehaul.page p JOIN pagehaul.worker w ON w.id = p.worker WHERE p.state = 'leased' AND w.pid = %s"
    eventually(lambda: db.scalar(leased, helper.pid) == 0, 20, "the helper's pages are free")
    api.set(hold=False)
    assert first.result().code == OK
    assert_complete(db, api)


def test_a_helper_of_another_config_leaves_the_run_alone(pagehaul, api, db):
    first = start_midway(pagehaul, api, db, env=RESUME)
    asked = len(api.log())
    assert_idle(pagehaul.run("work", "--set", "source.request.headers.X-Other=1"), "run 1 is of another config: source.request.headers")
    assert len(api.log()) == asked
    api.set(hold=False)
    assert first.result().code == OK


def test_a_run_that_was_told_to_stop_wants_no_helpers(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    db.query("UPDATE pagehaul.run SET stop_reason = 'credential: refused', stop_at = clock_timestamp()")
    assert queue(db) == []
    assert_idle(pagehaul.run("work"), "no run of pipeline creative_report is in progress")


def test_a_run_whose_config_turns_out_wrong_wants_no_helpers_either(pagehaul, api, db):
    """Or they would be started, and end at once, until somebody has mended it."""
    pagehaul.configure(SMALL)
    first = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    helper = pagehaul.start("work")
    api.wait(held=4, timeout=60)
    db.query("ALTER TABLE report.creative DROP COLUMN fee")
    api.set(hold=False)
    results = [first.result(), helper.result()]
    assert [r.code for r in results] == [CONFIG, CONFIG], "\n".join(map(str, results))
    assert queue(db) == []


def test_a_run_at_which_nobody_has_worked_for_an_hour_wants_no_helpers(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    db.query("UPDATE pagehaul.worker SET heartbeat_at = heartbeat_at - interval '61 minutes'")
    assert queue(db) == []


def test_who_scales_workers_may_read_the_queue_and_nothing_else(pagehaul, api, db):
    start_midway(pagehaul, api, db, env=RESUME).kill9()
    db.query("CREATE ROLE scaler; GRANT USAGE ON SCHEMA pagehaul TO scaler; GRANT SELECT ON pagehaul.queue_length TO scaler")
    try:
        assert db.query("SET ROLE scaler; SELECT length FROM pagehaul.queue_length WHERE pipeline = 'creative_report'") == [(PAGES - 12,)]
        assert db.scalar("SELECT has_table_privilege('scaler', 'pagehaul.run', 'SELECT')") is False
    finally:
        db.query("DROP OWNED BY scaler; DROP ROLE scaler")
