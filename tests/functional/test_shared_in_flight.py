"""What source.limits.concurrency: auto finds is the source's, whichever process finds it."""

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK
from harness.recovery import RESUME
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

PROCESSES, CEILING, SIZE = 3, 12, 10
ADAPTIVE = {"source": {"pagination": {"size": SIZE}, "limits": {"ceiling": CEILING}},
            "run": {"workers": CEILING, "heartbeat": "100ms", "stale": "5s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=6_000 * SIZE, latency="100ms")


def limits(db):
    return [limit for (limit,) in db.query("SELECT in_flight_limit FROM pagehaul.worker WHERE stopped_at IS NULL ORDER BY started_at")]


@pytest.mark.parametrize("rate", [None, "1000/s"], ids=["by the poll", "by the rate's keeper"])
def test_all_processes_step_down_when_one_is_throttled(pagehaul, api, db, rate):
    pagehaul.configure(ADAPTIVE, source={"limits": {"rate": rate}})
    first = pagehaul.start(env=RESUME)
    running = [first, *(pagehaul.start_raw("run", "-c", pagehaul.config_path, env=RESUME) for _ in range(PROCESSES - 1))]
    eventually(lambda: db.relation_exists("pagehaul.worker") and limits(db) == [CEILING] * PROCESSES, 60, "each is at the ceiling")

    # One page, once: whoever asks for it. A second later the pause is over.
    refused = max(entry["page"] for entry in api.log()) + 200
    api.set(faults=["429"], fault_pages=[refused], retry_after=1)
    eventually(lambda: [entry for entry in api.log() if entry["status"] == 429], 60, "one is throttled")
    eventually(lambda: max(limits(db)) < CEILING, 20, "all have stepped down")
    # 0.7 of it, and what has grown since.
    assert min(limits(db)) >= int(CEILING * 0.7)
    assert len([entry for entry in api.log() if entry["status"] == 429]) == 1

    api.set(latency="0ms")
    results = [process.result(180) for process in running]
    assert [result.code for result in results] == [OK] * PROCESSES, "\n".join(map(str, results))
    assert_table_equals_oracle(db, api)
