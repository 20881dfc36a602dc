"""Of several processes of a run one pushes, for all; when it goes, the next one does."""

import pytest

from harness.collector import Collector
from harness.pagehaul import OK, SIGTERM_EXIT
from harness.recorder import Recorder
from harness.recovery import PAGES, RESUME, ROWS, start_midway
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

# Each waits for two answers that the API holds back.
HALF = {"run": {"workers": 2, "drain": "0s", "heartbeat": "200ms", "stale": "3s"}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def pushing(pagehaul, pushgateway):
    return pagehaul.configure(HALF, telemetry={"pushgateway": {"url": pushgateway.url, "interval": "1s"}})


def two_at_work(pushing, api, db):
    first = start_midway(pushing, api, db, answered=5, env=RESUME)
    api.wait(held=2, timeout=60)
    second = pushing.start_raw("run", "-c", pushing.config_path, env=RESUME)
    api.wait(held=4, timeout=60)
    return first, second


def by_worker(pushgateway, name):
    """{pid of the process: value}; all are on this host."""
    return {int(dict(labels)["worker"].rsplit(":", 1)[1]): value for labels, value in pushgateway.metric(name).items()}


def requests_of(pushgateway):
    return sum(pushgateway.metric("pagehaul_requests").values())


def test_the_eldest_pushes_and_tells_of_each_process(pushing, pushgateway, api, db):
    first, second = two_at_work(pushing, api, db)

    eventually(lambda: by_worker(pushgateway, "pagehaul_worker_requests_in_flight") == {first.pid: 2, second.pid: 2}, 20,
               "both have two requests in flight")
    assert pushgateway.value("pagehaul_processes") == 2
    assert by_worker(pushgateway, "pagehaul_worker_pages") == {first.pid: 5, second.pid: 0}
    assert requests_of(pushgateway) >= 5, "what has no label of a process is the eldest's"
    queue = {dict(labels)["state"]: value for labels, value in pushgateway.metric("pagehaul_queue_pages").items()}
    assert queue["leased"] >= 4 and sum(queue.values()) == PAGES - 5
    assert pushgateway.value("pagehaul_queue_oldest_due_age_seconds") > 0 or queue["pending"] == 0

    api.set(hold=False)
    assert [process.result().code for process in (first, second)] == [OK, OK]
    assert pushgateway.value("pagehaul_processes") == 0
    assert pushgateway.value("pagehaul_last_run_success") == 1
    assert requests_of(pushgateway) < len(api.log()), "whoever ended last, the requests are of one process"


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_when_the_eldest_goes_the_next_one_pushes(pushing, pushgateway, api, db, how):
    first, second = two_at_work(pushing, api, db)
    eventually(lambda: pushgateway.value("pagehaul_processes") == 2, 20, "the eldest tells of both")

    if how == "killed":
        first.kill9()
    else:
        first.terminate()
        assert first.wait() == SIGTERM_EXIT
    eventually(lambda: by_worker(pushgateway, "pagehaul_worker_pages").keys() == {second.pid}, 10, "the next one tells of itself alone")
    assert pushgateway.value("pagehaul_run_in_progress") == 1
    assert pushgateway.value("pagehaul_requests_in_flight") == 2

    api.set(hold=False)
    assert second.result().code == OK
    assert pushgateway.value("pagehaul_last_run_success") == 1
    (group,) = pushgateway.groups()
    assert group["labels"] == {"job": "pagehaul", "pipeline": "creative_report"}, "no group is left of a process"


def test_only_one_process_pushes_while_the_run_goes_on(pagehaul, api, db):
    gateway = Recorder()
    try:
        pagehaul.configure(HALF, telemetry={"pushgateway": {"url": gateway.url, "interval": "1s"}})
        first, second = two_at_work(pagehaul, api, db)
        seen = len(gateway.pushes)
        eventually(lambda: len(gateway.pushes) >= seen + 4, 20, "four more pushes")
        # The second has stored nothing: a push of its own would have begun with other requests.
        for push in gateway.pushes[seen:seen + 4]:
            assert 'pagehaul_requests{code="200"} 5\n' in push.body, push.body
        api.set(hold=False)
        assert [process.result().code for process in (first, second)] == [OK, OK]
    finally:
        gateway.close()


def test_by_otlp_too_only_one_process_pushes_while_the_run_goes_on(pagehaul, api, db):
    receiver = Collector()
    try:
        pagehaul.configure(HALF, telemetry={"metrics": {"endpoint": receiver.url, "interval": "1s"}})
        first, second = two_at_work(pagehaul, api, db)
        seen = len(receiver.pushed)
        eventually(lambda: len(receiver.pushed) >= seen + 4, 20, "four more pushes")
        assert {push.value("pagehaul_requests", code="200") for push in receiver.pushes()[seen:seen + 4]} == {5}
        assert receiver.pushes()[-1].value("pagehaul_processes") == 2
        api.set(hold=False)
        assert [process.result().code for process in (first, second)] == [OK, OK]
        assert receiver.pushes()[-1].value("pagehaul_last_run_success") == 1
    finally:
        receiver.close()
