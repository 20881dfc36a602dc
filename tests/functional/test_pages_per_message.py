"""Messages that name several pages: whatever becomes of one midway, each of its pages is stored once."""

import json

import pytest

from harness.broker import Broker
from harness.pagehaul import OK, SIGTERM_EXIT
from harness.recovery import RESUME, assert_complete, done_pages
from harness.waiting import eventually
from test_queues import KINDS

pytestmark = pytest.mark.kill_stop

# So many that messages are full: of few pages each names one.
PAGES, PER_MESSAGE = 200, 10
ROWS = PAGES * 100 - 50
SMALL = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS], autouse=True)
def broker(request, pagehaul):
    broker = Broker(request.getfixturevalue(request.param), request.param, pagehaul)
    pagehaul.configure(queue={"pages_per_message": PER_MESSAGE})
    return broker


def planned(pagehaul, db):
    """A planner that waits, and what all workers after the first have to pull: page 1 is stored, the others are told of."""
    planner = pagehaul.start("enqueue", "--wait", env=RESUME)
    planner.wait_for_log("run started")
    assert pagehaul.run("work", env={"PAGEHAUL_FAULT": "after_commit"}).code == 137
    assert len(done_pages(db)) < PAGES
    return planner


def take_told(broker, probe):
    """All messages, once all pages but the first are told of."""
    texts = []
    while len(named(texts)) < PAGES - 1:
        texts += broker.take_all(probe)
    return texts


def named(texts):
    """The pages that the messages name."""
    return {no for text in texts for no in pages_of(json.loads(text))}


def pages_of(hint):
    return [hint["page"], *(no for _, no in hint.get("more", []))]


@pytest.mark.parametrize("fault", ["after_claim:2", "mid_fetch:25", "after_commit:2"])
def test_a_worker_killed_midway_in_messages_costs_nobody_a_page(pagehaul, api, db, fault):
    planner = planned(pagehaul, db)
    pagehaul.configure(SMALL)
    assert pagehaul.run("work", env={"PAGEHAUL_FAULT": fault}).code == 137
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api, rows=ROWS, pages=PAGES)


def test_messages_come_twice_in_any_order_and_with_their_pages_mixed(pagehaul, api, db, broker):
    planner = planned(pagehaul, db)
    with broker.hands_on() as probe:
        texts = take_told(broker, probe)
        lots = [pages_of(json.loads(text)) for text in texts]
        assert max(map(len, lots)) == PER_MESSAGE and len(lots) < PAGES / 4, lots
        for text in [*reversed(texts), *map(mixed, texts, reversed(texts)), *texts[:5]]:
            assert "kind" not in probe.ask("send", text)
    workers = [pagehaul.start("work") for _ in range(2)]
    results = [process.result(120) for process in (planner, *workers)]
    assert [r.code for r in results] == [OK] * 3, "\n".join(map(str, results))
    assert_complete(db, api, rows=ROWS, pages=PAGES)


def mixed(text, other):
    """The pages of both, and of the first one twice."""
    hint, beside = json.loads(text), json.loads(other)
    own = [[hint["slice"], hint["page"]], *hint.get("more", [])]
    others = [[beside["slice"], beside["page"]], *beside.get("more", [])]
    return json.dumps({**hint, "more": [*reversed(others), *own]}, separators=(",", ":"))


def test_a_message_of_one_page_is_as_good(pagehaul, api, db, broker):
    """As a process of an older version writes them."""
    planner = planned(pagehaul, db)
    with broker.hands_on() as probe:
        texts = take_told(broker, probe)
        first = json.loads(texts[0])
        for no in sorted(named(texts)):
            one = {key: value for key, value in first.items() if key != "more"}
            assert "kind" not in probe.ask("send", json.dumps({**one, "page": no}, separators=(",", ":")))
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api, rows=ROWS, pages=PAGES)


def test_a_worker_that_is_stopped_midway_leaves_the_rest_of_its_messages_to_others(pagehaul, api, db):
    planner = planned(pagehaul, db)
    pagehaul.configure(SMALL, run={"drain": "1s"})
    api.set(hold=True)
    stopped = pagehaul.start("work")
    api.wait(held=2, timeout=60)
    stopped.terminate()
    assert stopped.result().code == SIGTERM_EXIT
    eventually(lambda: db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'leased'") == 0, 20, "its pages are free")
    api.set(hold=False)
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api, rows=ROWS, pages=PAGES)


def test_the_rest_of_a_message_that_was_read_by_its_first_page_alone_is_told_of_anew(pagehaul, api, db, broker):
    """As a worker of an older version reads them, which then settles the message."""
    planner = planned(pagehaul, db)
    with broker.hands_on() as probe:
        for text in take_told(broker, probe):
            hint = json.loads(text)
            hint.pop("more", None)
            assert "kind" not in probe.ask("send", json.dumps(hint, separators=(",", ":")))
    worker = pagehaul.start("work")
    results = [planner.result(120), worker.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert_complete(db, api, rows=ROWS, pages=PAGES)
