"""Slices of more rows than the API serves: the halves of their window are pulled in their place."""

import datetime
import threading
import time

import pytest

from harness.ending import assert_ended, lines
from harness.pipeline import TABLE
from harness.recovery import RESUME

SIZE, CAP = 20, 60
FIRST = datetime.date(2026, 1, 5)  # a Monday
WEEK = {"week": {"from": "2026-01-05", "to": "2026-01-11", "step": "1w"}}
COUNTED = {"pagination": {"type": "page_number", "size": SIZE, "total": {"rows": "/total"}, "max_rows": CAP}}
UNCOUNTED = {"pagination": {"type": "page_number", "size": SIZE},
             "response": {"rules": [{"when": {"status": [400], "pointer": "/error", "equals": "too deep"}, "then": "split"}]}}


class DeepApi:
    """So many rows a day; of what is asked for no more than CAP are served, not even that there are none behind."""

    def __init__(self, days):
        self.days = days
        self.windows = set()  # (first day, days) of page 1
        self._lock = threading.Lock()

    @property
    def ids(self):
        return [day * 1000 + n for day, rows in enumerate(self.days) for n in range(rows)]

    def __call__(self, asked):
        query = dict(asked.query)
        first, last = ((datetime.date.fromisoformat(query[name]) - FIRST).days for name in ("from", "to"))
        begin = (int(query["page"]) - 1) * SIZE
        if begin >= CAP:
            return 400, {}, {"error": "too deep"}
        with self._lock:
            if begin == 0:
                self.windows.add((first, last - first + 1))
        there = [{"id": id_} for id_ in self.ids if first <= id_ // 1000 <= last]
        return {"rows": there[begin:begin + SIZE], "total": len(there)}


@pytest.fixture
def deep(pulling):
    """A function: deep(days, **source) gives the API and a runner that asks it for a week."""

    def start(days, **source):
        api = DeepApi(days)
        query = {"page": "{{ page.number }}", "from": "{{ slice.week }}", "to": "{{ slice.week_end }}"}
        http, runner = pulling(api, records="/rows", **{"slices": WEEK, "request": {"path": "/rows", "query": query}, **source})
        api.http = http
        return api, runner

    return start


def stored(db):
    return [id_ for id_, in db.query(f"SELECT id FROM {TABLE} ORDER BY id")]


def test_no_window_is_pulled_that_the_api_would_not_serve_to_its_end(deep, db):
    api, runner = deep([15, 15, 15, 15, 15, 15, 15], **COUNTED)
    result = runner.run()
    assert_ended(result, db, rows=105, proof="counts, end not shown")
    assert stored(db) == api.ids
    assert api.windows == {(0, 7), (0, 4), (4, 3)}
    assert all(int(dict(asked.query)["page"]) <= CAP / SIZE + 1 for asked in api.http.asked), "the page behind a full last one at most"
    (split,) = lines(result, "slice split, its halves are pulled in its place")
    assert split["slice"] == "week=2026-01-05+7d" and "a total of 105 rows is more than source.pagination.max_rows, 60" in split["cause"]
    assert db.query("SELECT key, state, split_from FROM pagehaul.slice ORDER BY id") == [
        ("week=2026-01-05+7d", "split", None),
        ("week=2026-01-05..2026-01-08", "proven", "week=2026-01-05+7d"),
        ("week=2026-01-09..2026-01-11", "proven", "week=2026-01-05+7d")]


def test_halves_are_halved_down_to_the_days_that_need_it_and_the_next_run_does_the_same(deep, db):
    api, runner = deep([59, 2, 0, 0, 55, 0, 30], **COUNTED)
    for _ in range(2):
        assert_ended(runner.run(), db, rows=146)
        assert stored(db) == api.ids
    assert api.windows == {(0, 7), (0, 4), (4, 3), (0, 2), (2, 2), (0, 1), (1, 1), (4, 2), (6, 1)}
    assert db.query("SELECT count(*) FROM pagehaul.slice WHERE state NOT IN ('proven', 'split')") == [(0,)]


def test_a_day_that_is_still_too_large_fails_loudly_by_its_name(deep, db):
    api, runner = deep([10, 0, 0, 61, 0, 0, 10], **COUNTED)
    result = runner.run()
    assert_ended(result, db, code=65)
    (refused,) = lines(result, "page refused")
    assert refused["slice"] == "week=2026-01-08..2026-01-08"
    assert refused["cause"].endswith("a total of 61 rows is more than source.pagination.max_rows, 60: slice "
                                     "week=2026-01-08..2026-01-08: a day is the smallest window that can be asked for")
    assert stored(db) == [id_ for id_ in api.ids if id_ // 1000 != 3], "the other days are there"


def test_without_a_window_too_many_rows_fail_loudly(pulling, db):
    answer = DeepApi([61])
    _, runner = pulling(answer, records="/rows", **COUNTED, slices={"shop": [1]},
                        request={"path": "/rows", "query": {"page": "{{ page.number }}", "shop": "{{ slice.shop }}",
                                                            "from": "2026-01-05", "to": "2026-01-05"}})
    result = runner.run()
    assert_ended(result, db, code=65)
    assert lines(result, "page refused")[0]["cause"].endswith("source.slices has no window of dates or times to halve")


def test_a_rule_tells_of_the_cap_where_no_total_does(deep, db):
    """And a page behind the end of the smallest window, which is refused as too deep as well, is none that is missed."""
    api, runner = deep([15, 15, 15, 15, 20, 15, 15], **UNCOUNTED)
    assert_ended(runner.run(), db, rows=110)
    assert stored(db) == api.ids
    assert db.query("SELECT count(*) FROM pagehaul.slice WHERE state NOT IN ('proven', 'split')") == [(0,)]


def test_a_day_of_which_a_rule_says_that_it_is_too_large_fails_loudly(deep, db):
    _, runner = deep([0, 0, 0, 61, 0, 0, 0], **UNCOUNTED)
    result = runner.run()
    assert_ended(result, db, code=65)
    assert any("(rule: split): slice week=2026-01-08..2026-01-08: a day is the smallest window" in line["cause"]
               for line in lines(result, "page refused"))


def test_hours_are_halved_down_to_minutes(pulling, db):
    """Of half an hour before 01:00 one minute has most rows."""
    begin = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
    minutes = [n // 2 for n in range(60)]
    ids = [minute * 1000 + n for minute, rows in enumerate(minutes) for n in range(rows)]

    def answer(asked):
        query = dict(asked.query)
        first, behind = (int((datetime.datetime.fromisoformat(query[name]) - begin).total_seconds() // 60) for name in ("from", "behind"))
        at = (int(query["page"]) - 1) * SIZE
        there = [{"id": id_} for id_ in ids if first <= id_ // 1000 < behind]
        return (400, {}, {"error": "too deep"}) if at >= CAP else {"rows": there[at:at + SIZE], "total": len(there)}

    _, runner = pulling(answer, records="/rows", **COUNTED, slices={"t": {"from": "2026-01-05T00:00", "to": "2026-01-05T01:00", "step": "1h"}},
                        request={"path": "/rows", "query": {"page": "{{ page.number }}", "from": "{{ slice.t }}", "behind": "{{ slice.t_next }}"}})
    assert_ended(runner.run(), db, rows=len(ids))
    assert stored(db) == ids


@pytest.mark.kill_stop
@pytest.mark.parametrize("fault", ["after_claim:2", "mid_fetch:3", "after_commit", "after_commit:2"])
def test_a_run_killed_while_slices_are_split_is_resumed(deep, db, fault):
    api, runner = deep([59, 2, 0, 0, 55, 0, 30], **COUNTED)
    assert runner.run(env={**RESUME, "PAGEHAUL_FAULT": fault}).code == 137
    result = runner.run(env=RESUME)
    assert result.code == 0, str(result)
    assert stored(db) == api.ids
    assert db.query("SELECT count(*) FROM pagehaul.slice WHERE state NOT IN ('proven', 'split')") == [(0,)]


def test_rows_that_a_slice_stored_before_it_was_split_are_there_once(deep, db):
    """Its total grows past what the API serves while it is read."""
    api, runner = deep([8, 8, 8, 8, 8, 8, 8], **COUNTED)
    grown = threading.Event()
    answer = DeepApi.__call__

    def grow(self, asked):
        told = answer(self, asked)
        if dict(asked.query)["page"] == "3" and not grown.is_set():
            grown.set()
            self.days = [9] * 7
        return told

    DeepApi.__call__ = grow
    try:
        assert_ended(runner.run(), db)
    finally:
        DeepApi.__call__ = answer
    assert stored(db) == api.ids and len(api.ids) == 63
    assert (0, 4) in api.windows


def test_a_throttle_for_the_slice_lets_the_others_go_on_and_all_of_its_own_wait(pulling, db):
    asked_at = []

    def answer(asked):
        query = dict(asked.query)
        shop, page = int(query["shop"]), int(query["page"])
        asked_at.append((shop, page, time.monotonic()))
        if shop == 1 and page == 2 and len([one for one in asked_at if one[:2] == (1, 2)]) == 1:
            return 429, {"Retry-After": "2"}, {}
        rows = range((page - 1) * SIZE, page * SIZE) if page <= 6 else []
        return {"rows": [{"id": shop * 1000 + n} for n in rows], "total": 6 * SIZE}

    _, runner = pulling(answer, records="/rows", slices={"shop": [1, 2]}, limits={"concurrency": 1},
                        pagination={"type": "page_number", "size": SIZE, "total": {"rows": "/total"}},
                        request={"path": "/rows", "query": {"page": "{{ page.number }}", "shop": "{{ slice.shop }}"}},
                        response={"rules": [{"when": {"status": [429]}, "then": "throttle", "for": "slice"}]})
    runner.configure(run={"workers": 1})
    assert_ended(runner.run(), db, rows=12 * SIZE, slices_proven=2)
    throttled, again = (at for shop, page, at in asked_at if (shop, page) == (1, 2))
    assert again - throttled >= 1.9
    waiting = [(shop, page) for shop, page, at in asked_at if throttled < at < throttled + 1.9]
    assert {shop for shop, _ in waiting} == {2}, waiting
