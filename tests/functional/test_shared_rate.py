"""source.limits.rate is the rate of all processes of a pipeline together, and a pause told to one of them is everybody's."""

import bisect
import time

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK
from harness.recovery import RESUME, summary
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

PROCESSES, RATE, SIZE = 4, 60, 10
# The burst, the rate with its 3 %, and a twentieth of what a busy machine carries from one second into the next. A second budget would be twice as much.
MOST_IN_A_SECOND = 1 + RATE * 1.03 + RATE * 0.05
# So that each could send the whole rate alone, and none waits long for its turn to ask.
SHARED = {"source": {"pagination": {"size": SIZE}, "limits": {"rate": f"{RATE}/s"}}, "run": {"workers": 8}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=600 * SIZE, latency="30ms")


def start_together(pagehaul, count=PROCESSES):
    first = pagehaul.start(env=RESUME)
    # Of the same file: each start() would write it anew under the others' eyes.
    return [first, *(pagehaul.start_raw("run", "-c", pagehaul.config_path, env=RESUME) for _ in range(count - 1))]


def assert_all_succeed(processes, db, api):
    results = [process.result(120) for process in processes]
    assert [result.code for result in results] == [OK] * len(processes), "\n".join(map(str, results))
    assert_table_equals_oracle(db, api)
    return results


def arrivals(api):
    """When each request reached the API, in seconds of its clock."""
    return sorted(entry["t_ms"] / 1000 for entry in api.log())


def most_in_a_second(times):
    return max(bisect.bisect_left(times, at + 1) - i for i, at in enumerate(times))


def steady_rate(times, begin, end):
    inside = [at for at in times if begin <= at < end]
    return (len(inside) - 1) / (inside[-1] - inside[0])


def test_the_processes_of_a_run_keep_its_rate_together(pagehaul, api, db):
    pagehaul.configure(SHARED)
    results = assert_all_succeed(start_together(pagehaul), db, api)
    times = arrivals(api)

    rate = steady_rate(times, times[0] + 2, times[-1] - 1)
    assert abs(rate / RATE - 1) <= 0.05, f"{rate:.1f} requests a second"
    assert most_in_a_second(times) <= MOST_IN_A_SECOND
    requests = [summary(result)["requests"] for result in results]
    assert min(requests) > len(times) / PROCESSES / 3, f"each has its share: {requests}"
    asks = db.scalar("SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'rate_budget'")
    assert asks < len(times) / 2, "not a round trip a request"


def test_a_process_that_is_killed_takes_no_more_than_its_block_with_it(pagehaul, api, db):
    pagehaul.configure(SHARED)
    processes = start_together(pagehaul)
    api.wait(requests=120, timeout=60)
    processes.pop(0).kill9()
    killed = arrivals(api)[-1]
    assert_all_succeed(processes, db, api)
    times = arrivals(api)

    rate = steady_rate(times, killed + 1, times[-1] - 1)
    assert abs(rate / RATE - 1) <= 0.05, f"{rate:.1f} requests a second"


def test_a_process_that_was_frozen_has_no_slots_left_to_burst(pagehaul, api, db):
    pagehaul.configure(SHARED)
    processes = start_together(pagehaul, 2)
    api.wait(requests=120, timeout=60)
    processes[0].freeze()
    asked = len(api.log())
    api.wait(requests=asked + 2 * RATE, timeout=60)
    processes[0].thaw()
    assert_all_succeed(processes, db, api)

    assert most_in_a_second(arrivals(api)) <= MOST_IN_A_SECOND


def test_while_the_database_is_away_nobody_sends(pagehaul, api, db, postgres):
    pagehaul.configure(SHARED)
    processes = start_together(pagehaul, 2)
    api.wait(requests=120, timeout=60)
    postgres.stop("immediate")
    away = time.monotonic()
    eventually(lambda: time.monotonic() - away > 3, what="it stays away for a while")
    postgres.start()
    back = time.monotonic()
    assert_all_succeed(processes, db, api)
    times = arrivals(api)

    # What was leased already lies within a second.
    assert not [at for at in times if away + 1 <= at < back]
    assert most_in_a_second(times) <= MOST_IN_A_SECOND


@pytest.mark.parametrize("limits", [{"rate": f"{RATE}/s"}, {"concurrency": 2}], ids=["rate", "no rate"])
def test_a_pause_that_one_process_is_told_stops_all_within_a_second(pagehaul, api, db, limits):
    pagehaul.configure(SHARED, source={"limits": {"rate": None, **limits}})
    api.set(latency="30ms" if "rate" in limits else "100ms", faults=["429"], fault_pages=[200], retry_after=4)
    assert_all_succeed(start_together(pagehaul), db, api)

    refused = [entry for entry in api.log() if entry["status"] == 429]
    assert len(refused) == 1
    # The API notes the end when the answer's last byte is gone: the process may have read it, and begun to count, a little before.
    told = refused[0]["end_ms"] / 1000
    over = told + 4 - 0.2
    late = [at - told for at in arrivals(api) if told < at < over]
    assert not late or max(late) <= 1, f"{max(late):.2f} s after the pause was told"
    assert any(over <= at < over + 1 for at in arrivals(api)), "and goes on when it is over"


def test_a_run_that_is_taken_up_again_does_not_wait_for_a_pause_of_before(pagehaul, api, db):
    pagehaul.configure(SHARED)
    api.set(faults=["429"], fault_pages=[5], retry_after=600)
    running = pagehaul.start(env=RESUME)
    eventually(lambda: db.relation_exists("pagehaul.rate_budget")
               and db.scalar("SELECT count(*) FROM pagehaul.rate_budget WHERE paused_until > clock_timestamp()"), 60, "it was told")
    running.kill9()
    api.set(fault_pages=[])
    pagehaul.succeed(env=RESUME)
    assert_table_equals_oracle(db, api)
