"""Answers that are none, though the API is up: what can never be read is refused soon and named, what may pass is waited for."""

import gzip

import pytest

from harness.ending import assert_ended, lines
from harness.fixed_api import FixedApi, record
from harness.pipeline import TABLE


@pytest.fixture
def odd_api(db, pagehaul_for):
    """A function: an API of 250 records whose requests are answered by `odd` for as long as that gives something; and its runner."""
    started = []

    def start(odd):
        api = FixedApi(record(id=i) for i in range(250))
        api.asked = []

        def reply(query, usual=api.reply):
            api.asked.append(int(query["page"]))
            return odd(api.asked) or usual(query)

        api.reply = reply
        started.append(api)
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = {**api.source(), "retry": {"attempts": 8, "base": "10ms", "max": "200ms"}}
        return api, runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]})

    yield start
    for api in started:
        api.close()


@pytest.mark.parametrize("status, body, named", [
    (200, b'{"rows": [], "total": NaN}', "the body is not JSON at byte 22: expected a value, not NaN"),
    (200, b'{"id": 1}\n{"id": 2}\n', 'the body is not JSON at byte 10: expected the end of the document, not {"id": 2}'),
    (200, '{"rows": [], "total": 0, "unit": "Stück"}'.encode("latin-1"), "expected UTF-8, not byte 0xFC"),
    (200, b"<html><body>We are back soon", "the body is not JSON at byte 0: expected a value, not <html><body>We"),
    (200, b"", "the body is empty"),
    (204, b"", "HTTP status 204, the body is empty")])
def test_what_can_never_be_read_is_65_after_four_tries_and_named(db, odd_api, status, body, named):
    api, runner = odd_api(lambda _: (status, {}, body))
    assert_ended(runner.run(), db, 65, reason=named, rows=0, pages_failed=1)
    assert api.asked == [1] * 4


def test_a_proxy_s_error_page_passes(db, odd_api):
    api, runner = odd_api(lambda asked: (200, {}, b"<html>Bad Gateway</html>") if len(asked) in (1, 3) else None)
    assert_ended(runner.run(), db, rows=250, retries=2, pages_failed=0)


def test_a_body_that_is_cut_short_is_tried_as_often_as_any_failure(db, odd_api):
    api, runner = odd_api(lambda asked: (200, {}, b'{"rows": [{"id": 1}, {"i') if 2 in asked and len(asked) < 9 else None)
    assert_ended(runner.run(), db, rows=250, pages_failed=0)


@pytest.mark.security
def test_far_more_rows_than_were_asked_for_are_65_at_once_and_both_numbers_are_told(db, odd_api):
    bomb = gzip.compress(b'{"total": 524287, "rows": [' + b"0," * 524286 + b"0]}")
    api, runner = odd_api(lambda _: (200, {"Content-Encoding": "gzip"}, bomb))
    assert_ended(runner.run(), db, 65, reason="more than 1100 records, source.pagination.size asks for 100: set it to what the API sends",
                 rows=0, pages_failed=1, requests=1)
    assert db.scalar("SELECT count(*) FROM pagehaul.quarantine WHERE row_no IS NOT NULL") == 0


def test_twice_as_many_rows_as_were_asked_for_are_taken(db, odd_api):
    rows = ",".join(record(id=i) for i in range(1000))
    api, runner = odd_api(lambda _: (200, {}, b'{"total": 1000, "rows": [%s]}' % rows.encode()))
    runner.configure(source={"pagination": {"size": 500}})
    runner.run()
    assert db.scalar(f"SELECT count(*) FROM {TABLE}") == 1000


def test_a_403_that_tells_when_to_come_back_is_a_throttle_and_its_fraction_is_rounded_up(db, odd_api):
    api, runner = odd_api(lambda asked: (403, {"Retry-After": "0.5"}, b"{}") if len(asked) == 1 else None)
    result = runner.run()
    assert_ended(result, db, rows=250, retries=1, pages_failed=0)
    (failed,) = lines(result, "page failed")
    assert failed["kind"] == "throttled" and failed["delay_ms"] == 1000


def test_throttling_that_tells_no_pause_is_asked_less_and_less_however_short_the_longest_back_off(db, odd_api):
    api, runner = odd_api(lambda _: (429, {}, b"{}"))
    runner.configure(source={"retry": {"base": "10ms", "max": "20ms"}}, run={"patience": "5s"})
    line = assert_ended(runner.run(), db, 69, reason="run.patience: the API throttles; the last one: HTTP status 429")
    assert line["requests"] < 50, "at the longest back-off's pace they would be some 250"
