"""Every way in which the API misbehaves: what is tried again, what is not, and what the run says of it."""

import re

import pytest

from harness.ending import assert_ended, lines
from harness.http import answers
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import TABLE
from harness.waiting import eventually

ROWS, PAGES = 950, 10  # the last page is not full: the proof asks page 1 and nothing more


def timeout(request):
    return {"source": {"timeout": {"connect": request, "request": request}}}


@pytest.mark.parametrize("fault, cause, flags", [
    ("500", "HTTP status 500", {}),
    ("503", "HTTP status 503", {}),
    ("408", "HTTP status 408", {}),
    ("code", r"/code is the number 10005 \(rule: retry\)", {}),
    ("reset", "", {}),
    ("short", "", {}),
    ("truncated", "the body ends too soon", {}),
    ("badjson", "the body ends too soon", {}),
])
def test_a_passing_fault_costs_a_try_and_nothing_else(mock_api, db, pagehaul_for, fault, cause, flags):
    api = mock_api(rows=ROWS, faults=fault, fault_pages=[3, 7], fault_tries=2, **flags)
    result = pagehaul_for(api, db).run()
    assert_ended(result, db, rows=ROWS, stored=ROWS, pages_done=PAGES, pages_failed=0, retries=4, requests=PAGES + 1 + 4)
    assert_table_equals_oracle(db, api)
    failed = lines(result, "page failed")
    assert sorted((line["page"], line["attempt"]) for line in failed) == [(3, 1), (3, 2), (7, 1), (7, 2)]
    assert all(re.search(cause, line["cause"]) and line["delay_ms"] >= 0 and line["pass"] == 1 for line in failed), failed


@pytest.mark.parametrize("fault", ["never", "trickle"])
def test_an_answer_that_does_not_come_ends_at_the_request_timeout(mock_api, db, pagehaul_for, fault):
    api = mock_api(rows=ROWS, faults=fault, fault_pages=[3], fault_tries=1)
    result = pagehaul_for(api, db).configure(timeout("1s")).run()
    line = assert_ended(result, db, rows=ROWS, pages_done=PAGES, pages_failed=0)
    assert line["retries"] >= 1
    assert_table_equals_oracle(db, api)
    assert lines(result, "page failed")[0]["page"] == 3
    assert api.pages_asked().count(3) >= 2


@pytest.mark.parametrize("tries", [1, 3])
def test_a_code_that_no_rule_knows_costs_up_to_three_tries(mock_api, db, pagehaul_for, tries):
    api = mock_api(rows=ROWS, faults="code", fault_code=10007, fault_pages=[3], fault_tries=tries)
    assert_ended(pagehaul_for(api, db).run(), db, rows=ROWS, pages_failed=0, retries=tries)
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("otherwise, code, reason, asked", [
    (None, 65, "1 pages were refused for good", 4),
    ("fail", 65, "1 pages were refused for good", 1),
    ("retry", 69, "1 pages used up their attempts", 6),
])
def test_a_code_that_no_rule_knows_and_that_stays_is_what_otherwise_says(mock_api, db, pagehaul_for, otherwise, code, reason,
                                                                         asked):
    api = mock_api(rows=ROWS, faults="code", fault_code=10007, fault_pages=[3], fault_forever=True)
    runner = pagehaul_for(api, db).configure(source={"response": {"otherwise": otherwise}, "retry": {"attempts": 6}})
    result = runner.run()
    assert_ended(result, db, code, reason=reason, pages_done=PAGES - 1, pages_failed=1, retries=asked - 1)
    assert api.pages_asked().count(3) == asked
    (ended,) = lines(result, "page refused") + lines(result, "page failed, attempts used up")
    assert ended["page"] == 3 and "/code is the number 10007, expected the number 0" in ended["cause"]


def test_a_code_that_every_page_brings_is_65_after_the_same_tries(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, faults="code", fault_code=10007, fault_pages=[1], fault_forever=True)
    assert_ended(pagehaul_for(api, db).run(), db, 65, reason="/code is the number 10007", requests=4)


@pytest.mark.parametrize("retry_after, at_least_ms, at_most_ms", [(1, 1000, 5000), ("date", 900, 8000), ("none", 0, 2000)])
def test_429_pauses_everybody_for_as_long_as_it_says_and_is_no_attempt(mock_api, db, pagehaul_for, retry_after, at_least_ms,
                                                                      at_most_ms):
    api = mock_api(rows=ROWS, faults="429", fault_pages=[3], fault_tries=2, retry_after=2)  # "date" keeps the 2 s
    api.set(retry_after=retry_after)
    # One attempt: were throttling one, the page would fail.
    runner = pagehaul_for(api, db).configure(source={"limits": {"concurrency": 1}, "retry": {"attempts": 1}})
    result = runner.run()
    assert_ended(result, db, rows=ROWS, pages_failed=0, retries=2)
    assert_table_equals_oracle(db, api)
    log = api.log()
    pauses = [after["t_ms"] - refused["end_ms"] for refused, after in zip(log, log[1:]) if refused["status"] == 429]
    assert len(pauses) == 2 and all(at_least_ms <= pause <= at_most_ms for pause in pauses), pauses
    assert {line["kind"] for line in lines(result, "page failed")} == {"throttled"}


@pytest.mark.parametrize("retry_after", [31536000, 1764000000])  # a year; a Unix time stamp
def test_a_retry_after_without_measure_costs_no_more_than_max_pause(mock_api, db, pagehaul_for, retry_after):
    api = mock_api(rows=ROWS, faults="429", fault_pages=[3], fault_tries=2, retry_after=retry_after)
    result = pagehaul_for(api, db).configure(source={"limits": {"max_pause": "300ms"}}).run()
    line = assert_ended(result, db, rows=ROWS, pages_failed=0)
    assert line["duration_ms"] < 20_000
    assert_table_equals_oracle(db, api)
    failed = lines(result, "page failed")
    assert all(line["delay_ms"] == 300 and "source.limits.max_pause is 300 ms" in line["cause"] for line in failed), failed


@pytest.mark.parametrize("retry_after", [0, 31536000])
def test_throttling_that_never_ends_is_69_after_the_patience_and_few_requests(mock_api, db, pagehaul_for, retry_after):
    api = mock_api(rows=ROWS, faults="429", fault_pages=list(range(1, PAGES + 1)), fault_forever=True, retry_after=retry_after)
    runner = pagehaul_for(api, db).configure(run={"patience": "3s"}, source={"limits": {"concurrency": 4}})
    result = runner.run("run", "--run-key", "job-1")
    line = assert_ended(result, db, 69, reason="has succeeded for run.patience: the API throttles", pages_failed=0)
    assert line["duration_ms"] < 15_000 and line["requests"] < 60
    # Nothing of it is waited for by the next start.
    api.set(fault_pages=[])
    line = assert_ended(runner.run("run", "--run-key", "job-1"), db, rows=ROWS)
    assert line["duration_ms"] < 15_000
    assert_table_equals_oracle(db, api)


def test_a_page_that_is_throttled_for_ever_is_69_while_the_others_are_stored(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, faults="429", fault_pages=[3], fault_forever=True, retry_after=0)
    # Others still come when its patience is over: else the whole API would seem away.
    result = pagehaul_for(api, db).configure(run={"patience": "2s"}, source={"limits": {"rate": "3/s", "burst": 1}}).run()
    line = assert_ended(result, db, 69, reason="1 pages used up their attempts", rows=ROWS - 100, pages_failed=1)
    assert line["requests"] < 100
    (given_up,) = lines(result, "page failed, attempts used up")
    assert given_up["page"] == 3 and given_up["kind"] == "throttled"


def test_the_retry_after_of_a_retried_answer_is_obeyed_for_that_page(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, faults="429", fault_pages=[3], retry_after=1)
    result = pagehaul_for(api, db).configure(
        source={"response": {"rules": [{"when": {"status": [429]}, "then": "retry"}]}}).run()
    assert_ended(result, db, rows=ROWS, retries=1)
    first, again = [entry for entry in api.log() if entry["page"] == 3]
    assert again["t_ms"] - first["end_ms"] >= 1000


@pytest.mark.parametrize("fault, cause", [("huge", "larger than limits.body"), ("gzipbomb", "larger than limits.body"),
                                          ("404", "HTTP status 404"), ("400", "HTTP status 400")])
def test_what_no_repetition_mends_is_refused_at_once_and_the_other_pages_are_stored(mock_api, db, pagehaul_for, fault, cause):
    api = mock_api(rows=ROWS, faults=fault, fault_pages=[3], fault_tries=1, huge_mb=8)
    runner = pagehaul_for(api, db).configure(source={"limits": {"body": "1MiB"}})
    result = runner.run()
    assert_ended(result, db, 65, reason="1 pages were refused for good", rows=ROWS - 100, stored=ROWS - 100,
                 pages_done=PAGES - 1, pages_failed=1, slices_proven=0, retries=0)
    assert api.pages_asked().count(3) == 1
    assert cause in db.scalar("SELECT reason FROM pagehaul.quarantine WHERE page_no = 3 AND row_no IS NULL")
    # The API was mended meanwhile: the next start asks for that page alone.
    api.clear_log()
    assert_ended(runner.run(), db, rows=ROWS, slices_proven=1)
    assert_table_equals_oracle(db, api)
    assert sorted(api.pages_asked()) == [1, 3]
    assert db.scalar("SELECT count(*) FROM pagehaul.quarantine") == 0


@pytest.mark.security
def test_a_redirect_is_not_followed_and_the_token_stays_here(mock_api, db, pagehaul_for):
    other = mock_api(rows=ROWS)
    api = mock_api(rows=ROWS, faults="redirect", fault_pages=[3], fault_forever=True, redirect_to=other.url + "/rows")
    result = pagehaul_for(api, db).run()
    assert_ended(result, db, 65, pages_failed=1, pages_done=PAGES - 1)
    (refused,) = lines(result, "page refused")
    assert f"a redirect to {other.url}/rows at another origin; redirects are not followed" in refused["cause"]
    assert other.log() == [] and other.stats()["requests"] == 0


def test_used_up_attempts_are_69_and_the_next_start_asks_exactly_those_pages(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, fault_pages=[3, 7], fault_forever=True)
    runner = pagehaul_for(api, db)
    result = runner.run("run", "--run-key", "job-1")
    assert_ended(result, db, 69, reason="2 pages used up their attempts; the next start tries them again",
                 stored=ROWS - 200, pages_done=PAGES - 2, pages_failed=2, slices_open=1)
    assert [api.pages_asked().count(page) for page in (3, 7)] == [5, 5]
    assert sorted(line["page"] for line in lines(result, "page failed, attempts used up")) == [3, 7]
    api.set(fault_pages=[])
    api.clear_log()
    assert_ended(runner.run("run", "--run-key", "job-1"), db, rows=ROWS, pages_failed=0)
    assert sorted(api.pages_asked()) == [1, 3, 7]
    assert_table_equals_oracle(db, api)


# Half the patience without a success and the source counts as down: then a probe a second.
# The first 15 failures of an outage count: with as many attempts no page can have used them up, whatever chance says.
DOWN = {"run": {"patience": "6s"}, "source": {"retry": {"attempts": 16, "base": "100ms", "max": "1s"}}}


@pytest.mark.parametrize("mode", ["503", "refuse"])
def test_an_api_that_is_down_for_a_while_gets_single_probes_and_loses_no_page(mock_api, db, pagehaul_for, mode):
    api = mock_api(rows=3000, latency="5ms", down_after=10, down_for="3500ms", down_mode=mode)
    result = pagehaul_for(api, db).configure(DOWN).run()
    line = assert_ended(result, db, rows=3000, pages_failed=0, slices_proven=1)
    assert_table_equals_oracle(db, api)
    assert lines(result, "the source answers again")
    # 32 requests without faults. Each of 30 pages backs off for as long as the source has been failing already.
    # (206 and 283 requests were seen; at the first attempt's pace it would be some thousand.)
    assert line["requests"] < 32 + 30 * 15
    down = [entry for entry in api.log() if entry["fault"] == "down"]
    if mode == "503":
        probes = [entry for entry in down if entry["t_ms"] - down[0]["t_ms"] > 3200]
        assert len(probes) <= 1, probes


def test_an_api_that_is_down_is_probed_while_every_page_waits_for_its_next_try(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, down=True)
    runner = pagehaul_for(api, db).configure(DOWN, source={"retry": {"base": "10m", "max": "10m"}})
    running = runner.start()
    running.wait_for_log("page failed")
    api.set(down=False)
    assert_ended(running.result(), db, rows=ROWS)
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("mode", ["503", "refuse"])
def test_an_api_that_stays_down_beyond_the_patience_is_69_and_the_next_start_goes_on(mock_api, db, pagehaul_for, mode):
    api = mock_api(rows=ROWS, down_after=4, down_mode=mode, down_for="4s")
    runner = pagehaul_for(api, db).configure(DOWN, run={"patience": "2s"})
    last = "HTTP status 503" if mode == "503" else ""
    assert_ended(runner.run(), db, 69, pages_failed=0,
                 reason="no request to source.base_url has succeeded for run.patience; the last one: " + last)
    stored = db.scalar(f"SELECT count(*) FROM {TABLE}")
    assert 0 < stored < ROWS
    eventually(lambda: answers(api.url + "/__stats"), what="listens again")
    api.set(down=False)
    api.clear_log()
    assert_ended(runner.run(), db, rows=ROWS)
    assert_table_equals_oracle(db, api)
    assert len(api.pages_asked()) == PAGES - -(-stored // 100) + 1


def test_an_api_that_never_answered_is_69_too(db, pagehaul_for):
    # Nobody listens on port 1.
    runner = pagehaul_for(None, db).configure(run={"patience": "1s"})
    assert_ended(runner.run(), db, 69, reason="run.patience", rows=0, pages_done=0)


@pytest.mark.parametrize("status", [401, 403, 200])
def test_refused_credentials_are_77_at_once_after_few_requests(mock_api, db, pagehaul_for, status):
    api = mock_api(rows=ROWS, auth_status=status)  # 200: code 410019, and a rule
    runner = pagehaul_for(api, db)
    result = runner.run(env={"ACCESS_TOKEN": "stale-token"})
    line = assert_ended(result, db, 77, reason="source.auth", pages_done=0, pages_failed=0, requests=1)
    assert line["duration_ms"] < 10_000 and "stale-token" not in result.stderr
    assert_ended(runner.run(), db, rows=ROWS)
    assert_table_equals_oracle(db, api)


def test_credentials_refused_midway_stop_the_run_and_it_is_resumed_with_good_ones(mock_api, db, pagehaul_for):
    api = mock_api(rows=5000, hold_after=12)
    runner = pagehaul_for(api, db)
    running = runner.start("run", "--run-key", "job-1")
    api.wait(held=1)
    api.set(token="new-token")
    api.set(hold=False)
    line = assert_ended(running.result(), db, 77)
    assert line["requests"] < 12 + 128 + 8 and line["pages_done"] > 0
    api.clear_log()
    assert_ended(runner.run("run", "--run-key", "job-1", env={"ACCESS_TOKEN": "new-token"}), db, rows=5000)
    assert len(api.pages_asked()) == 50 - line["pages_done"] + 2
    assert_table_equals_oracle(db, api)


def test_a_rotated_token_in_a_file_is_picked_up(mock_api, db, pagehaul_for, tmp_path):
    token = tmp_path / "token"
    token.write_text("first-token\n")
    api = mock_api(rows=5000, token="first-token", hold_after=12)
    running = pagehaul_for(api, db).configure(source={"auth": {"value": "${file:%s}" % token}}).start()
    api.wait(held=1)
    token.write_text("second-token\n")
    api.set(token="second-token")
    api.set(hold=False)
    result = running.result()
    assert_ended(result, db, rows=5000, pages_failed=0)
    assert_table_equals_oracle(db, api)
    assert any(not entry["auth_ok"] for entry in api.log())
    assert {line["kind"] for line in lines(result, "page failed")} == {"credential"}
    assert "first-token" not in result.stderr and "second-token" not in result.stderr


def test_a_rate_that_fits_the_api_s_limit_meets_few_429s(mock_api, db, pagehaul_for):
    api = mock_api(rows=5000, ratelimit="100/s", ratelimit_burst=5, retry_after="none")
    runner = pagehaul_for(api, db).configure(source={"limits": {"rate": "100/s"}})
    line = assert_ended(runner.run(), db, rows=5000)
    assert api.stats()["throttled"] <= 2
    assert line["duration_ms"] > 450, "52 requests at 100/s"
    assert_table_equals_oracle(db, api)


def test_an_api_s_limit_that_nobody_configured_is_survived(mock_api, db, pagehaul_for):
    api = mock_api(rows=3000, ratelimit="100/s", ratelimit_burst=2, retry_after="none")
    line = assert_ended(pagehaul_for(api, db).run(), db, rows=3000, pages_failed=0)
    assert line["retries"] == api.stats()["throttled"] > 0
    assert_table_equals_oracle(db, api)
