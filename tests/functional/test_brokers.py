"""Page jobs over a broker: the same run, the same proof, whatever becomes of messages and of those who have them."""

import pytest

from harness.broker import Broker
from harness.ending import summary
from harness.pagehaul import CREDENTIAL, DATA, OK, SIGTERM_EXIT
from harness.pipeline import merge
from harness.recovery import PAGES, RESUME, ROWS, assert_asked_only, assert_complete, release, start_midway
from harness.waiting import eventually
from test_queues import KINDS

pytestmark = pytest.mark.kill_stop

EVERY_PAGE = range(1, PAGES + 1)
SMALL = {"run": {"workers": 2, "drain": "60s"}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS], autouse=True)
def broker(request, pagehaul):
    return Broker(request.getfixturevalue(request.param), request.param, pagehaul)


def messages(result):
    return {line["msg"] for line in result.log if line["level"] in ("warn", "error")} - {"a credential goes in the clear",
                                                                                            "the Kafka library says"}


def test_one_process_pulls_what_it_tells_itself(pagehaul, api, db):
    result = pagehaul.succeed(env=RESUME)
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)
    assert not messages(result), str(result)


def test_workers_pull_what_enqueue_tells_and_it_waits_for_the_verdict(pagehaul, api, db):
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    workers = [pagehaul.start("work") for _ in range(2)]
    results = [process.result() for process in (planner, *workers)]
    assert [r.code for r in results] == [OK, OK, OK], "\n".join(map(str, results))
    assert summary(results[0])["requests"] == 0 and summary(results[0])["verdict"] == "succeeded"
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)


def test_enqueue_leaves_when_the_pages_are_told_of_and_workers_tell_each_other_of_the_rest(pagehaul, api, db):
    planner = pagehaul.succeed("enqueue", env=RESUME)
    assert summary(planner)["verdict"] == "idle" and api.pages_asked() == []
    result = pagehaul.succeed("work")
    assert summary(result)["verdict"] == "succeeded"
    assert_complete(db, api)


def test_messages_of_another_ledger_are_left_to_its_own_workers(pagehaul, api, db):
    stranger = merge(pagehaul.pipeline, {"ledger": {"schema": "elsewhere"}})
    pagehaul.succeed("migrate", config=stranger)
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    idle = pagehaul.run("work", config=stranger)
    assert idle.code == OK and "messages of runs that are over are cleared away" not in [line["msg"] for line in idle.log], str(idle)
    results = [pagehaul.run("work"), planner.result()]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api)


@pytest.mark.parametrize("fault", ["after_claim", "mid_fetch", "after_decode:2", "before_commit", "after_commit", "before_settle"])
def test_a_worker_killed_there_costs_nobody_a_page(pagehaul, api, db, fault):
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    killed = pagehaul.start("work", env={"PAGEHAUL_FAULT": fault})
    assert killed.result().code == 137
    other = pagehaul.start("work")
    results = [planner.result(), other.result()]
    assert results[0].code == OK, str(results[0])
    assert results[1].code == OK, str(results[1])
    assert_complete(db, api, settled=fault != "before_settle")


def test_a_page_that_kills_its_workers_is_failed_and_the_rest_is_stored(pagehaul, api, db):
    pagehaul.configure({"run": {"workers": 1}, "source": {"limits": {"concurrency": 1}}})
    for _ in range(3):
        assert pagehaul.run(env={**RESUME, "PAGEHAUL_FAULT": "after_decode"}).code == 137
    result = pagehaul.run(env=RESUME)
    assert result.code == DATA and "kills its worker" in summary(result)["reason"], str(result)
    assert db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'failed'") == 1
    pagehaul.succeed("retry")
    assert db.scalar("SELECT count(*) FROM report.creative") == ROWS


@pytest.mark.parametrize("fault", ["before_publish", "after_publish", "after_publish:2"])
def test_who_tells_of_pages_may_be_killed_there(pagehaul, api, db, fault):
    killed = pagehaul.run(env={**RESUME, "PAGEHAUL_FAULT": fault})
    assert killed.code == 137, str(killed)
    other = pagehaul.start("enqueue", "--wait", env=RESUME)
    other.wait_for_log("run started")
    worker = pagehaul.start("work")
    results = [other.result(), worker.result()]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api)


def test_a_worker_that_was_frozen_beyond_its_lease_stores_nothing_twice(pagehaul, api, db):
    pagehaul.configure(SMALL, run={"heartbeat": "300ms", "stale": "2s"})
    frozen = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    frozen.freeze()
    release(api)
    other = pagehaul.run("work")
    assert other.code == OK, str(other)
    frozen.thaw()
    assert frozen.result().code == OK
    assert_complete(db, api)


def test_a_worker_that_is_stopped_gives_its_pages_back_at_once(pagehaul, api, db):
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


def test_a_broker_that_is_started_again_is_gone_on_with(pagehaul, api, db, broker):
    pagehaul.configure(SMALL)
    running = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    broker.stop()
    broker.start()
    api.set(hold=False)
    result = running.result(120)
    assert result.code == OK, str(result)
    assert set(api.pages_asked()) == set(EVERY_PAGE)  # the one in flight may have met its time-out meanwhile
    assert_complete(db, api)


def test_without_the_broker_pages_come_from_the_ledger(pagehaul, api, db, broker):
    pagehaul.configure(SMALL)
    running = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    broker.stop()
    try:
        # Some pages more and not all: a run that ends before anybody has asked the broker twice has nothing to tell.
        api.set(hold=False, hold_after=10)
        # Who notices first, the one that sends or the one that receives, is not told here.
        running.wait_for_log("from the ledger", 60)
        api.set(hold=False)
        result = running.result(120)
    finally:
        broker.start()
    assert result.code == OK, str(result)
    assert set(api.pages_asked()) == set(EVERY_PAGE)  # the one in flight may have met its time-out meanwhile
    assert_complete(db, api)


def test_hints_that_were_lost_are_sent_again(pagehaul, api, db, broker):
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    with broker.hands_on() as probe:
        broker.take_all(probe)
    planner.wait_for_log("hints sent again", 60)
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api)


def test_hints_come_twice_and_in_any_order_and_amid_what_is_none(pagehaul, api, db, broker):
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    assert pagehaul.run("work", env={"PAGEHAUL_FAULT": "after_commit"}).code == 137
    with broker.hands_on() as probe:
        texts = broker.take_all(probe, 20)
        for text in [*reversed(texts), "not one of ours", *texts]:
            assert "kind" not in probe.ask("send", text)
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api)


def test_credentials_that_every_worker_is_refused_end_the_run_though_its_planner_never_asks(pagehaul, api):
    api.set(token="another")
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    refused = pagehaul.run("work")
    assert refused.code == CREDENTIAL, str(refused)
    assert planner.result().code == CREDENTIAL


def test_messages_of_a_run_that_was_told_to_stop_are_cleared_away_by_the_next_worker(pagehaul, api, broker):
    """Whoever scales workers by messages would start some for these for ever."""
    pagehaul.succeed("enqueue", env=RESUME)
    api.set(token="another")
    refused = pagehaul.run("work")
    assert refused.code == CREDENTIAL, str(refused)

    result = pagehaul.succeed("work")
    (cleared,) = (line for line in result.log if line["msg"] == "messages of runs that are over are cleared away")
    assert cleared["messages"] >= 1
    with broker.hands_on() as probe:
        assert probe.receive(ms=6000)["messages"] == []


def test_two_pipelines_share_a_queue_and_leave_each_other_s_messages_alone(pagehaul, api, db):
    other = merge(pagehaul.pipeline, {"pipeline": "other", "sink": {"table": "report.other"}})
    first = pagehaul.start(env=RESUME)
    second = pagehaul.start(config=other)
    results = [first.result(120), second.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert db.query("SELECT pipeline, state FROM pagehaul.run ORDER BY 1") == [("creative_report", "succeeded"), ("other", "succeeded")]
    assert db.scalar("SELECT count(*) FROM report.other") == ROWS == db.scalar("SELECT count(*) FROM report.creative")


def test_check_tries_the_broker(pagehaul, api):
    result = pagehaul.run("check")
    assert result.code == OK and "messages wait" in result.stdout, str(result)
