"""Answers that a rule or `success` explains: by status, header, pointer and text; and what is done then."""

import time

import pytest

from harness.ending import assert_ended, lines
from harness.pipeline import TABLE

GOOD = {"ok": True, "error": None, "rows": [{"id": 1}]}


def once(bad, good=GOOD):
    """Answers `bad` first and `good` from then on."""
    told = []

    def answer(_):
        told.append(1)
        return bad if len(told) == 1 else good

    return answer


def rule(when, then, **more):
    return {"rules": [{"when": when, "then": then, **more}]}


WHEN = {
    "a class of statuses": ((418, {}, {}), {"status": ["4xx"]}),
    "a header": ((200, {"X-Error": "busy now"}, GOOD), {"header": "x-error", "contains": "busy"}),
    "a header's absence": ((200, {}, GOOD), {"header": "X-Good", "absent": True}),
    "a text anywhere": ((400, {}, b"<h1>come back later</h1>"), {"text": "come back"}),
    "a regular expression": ((200, {}, {"error": "E1207: busy", "rows": []}), {"pointer": "/error", "matches": "^E12[0-9]{2}"}),
    "null": ((200, {}, {"error": None, "rows": None, "at": None}), {"pointer": "/at", "is_null": True}),
    "several at once": ((400, {"X-Why": "7"}, {"code": 3}), [{"status": [400]}, {"header": "X-Why", "equals": 7}, {"pointer": "/code", "in": [3]}]),
}


@pytest.mark.parametrize("bad, when", WHEN.values(), ids=WHEN)
def test_a_rule_knows_an_answer_by(pulling, db, bad, when):
    good = (200, {"X-Good": "1"}, GOOD)
    _, runner = pulling(once(bad, good), records="/rows", response=rule(when, "retry"))
    assert_ended(runner.run(), db, rows=1, retries=1)


def test_success_may_be_several_conditions(pulling, db):
    _, runner = pulling(once({**GOOD, "error": "E1"}), records="/rows",
                        response={"success": [{"pointer": "/ok", "equals": True}, {"pointer": "/error", "is_null": True}]})
    result = runner.run()
    assert_ended(result, db, rows=1, retries=1)
    assert 'source.response.success: /error is the string "E1", expected null' in lines(result, "page failed")[0]["cause"]


def test_a_page_that_a_rule_skips_is_empty_and_told_of(pulling, db):
    def answer(asked):
        shop = int(dict(asked.query)["shop"])
        return (403, {}, {"error": "closed"}) if shop == 2 else {"rows": [{"id": shop}]}

    _, runner = pulling(answer, records="/rows", slices={"shop": [1, 2, 3]},
                        request={"path": "/rows", "query": {"shop": "{{ slice.shop }}"}},
                        response=rule({"status": [403], "pointer": "/error", "equals": "closed"}, "skip"))
    result = runner.run()
    assert_ended(result, db, proof="pages", rows=2, slices_proven=3, pages_skipped=1)
    (warning,) = lines(result, "page skipped")
    assert warning["slice"] == "shop=2" and "HTTP status 403" in warning["cause"]


# How an API of 30 rows tells where its pages end.
ENDS = {"a total": ({"total": {"rows": "/total"}}, lambda page: {"total": 30}),
        "a number of pages": ({"total": {"pages": "/pages"}}, lambda page: {"pages": 3}),
        "a flag": ({"more": "/more"}, lambda page: {"more": page < 3}),
        "empty pages": ({}, lambda page: {})}


@pytest.mark.parametrize("page_skipped", [2, 3], ids=["among others", "the last"])
@pytest.mark.parametrize("pagination, told", ENDS.values(), ids=ENDS)
def test_a_later_page_that_is_skipped_is_a_hole_and_nothing_is_gone_for_it(pulling, db, pagination, told, page_skipped):
    skips = False

    def answer(asked):
        page = int(dict(asked.query)["page"])
        rows = [{"id": i} for i in range((page - 1) * 10, page * 10)] if page <= 3 else []
        return (410, {}, {}) if skips and page == page_skipped else {"rows": rows, **told(page)}

    _, runner = pulling(answer, records="/rows", request={"path": "/rows", "query": {"page": "{{ page.number }}"}},
                        pagination={"type": "page_number", "size": 10, **pagination}, response=rule({"status": [410]}, "skip"))
    runner.configure(sink={"vanished": "delete", "vanished_limit": "100%"})
    assert_ended(runner.run(), db, rows=30)
    skips = True
    result = runner.run()
    assert_ended(result, db, 65)
    assert f"page {page_skipped}" in result.stderr and "only page 1 can be skipped" in lines(result, "page refused")[0]["cause"]
    assert db.query(f"SELECT count(*) FROM {TABLE}") == [(30,)]


WAITS = {
    "a header of seconds": ({"header": "X-Wait", "as": "seconds"}, lambda: {"X-Wait": "0.4"}, {}),
    "a header of milliseconds": ({"header": "X-Wait", "as": "milliseconds"}, lambda: {"X-Wait": "400"}, {}),
    "an epoch": ({"header": "X-RateLimit-Reset", "as": "epoch"}, lambda: {"X-RateLimit-Reset": f"{time.time() + 0.5:.3f}"}, {}),
    "a field": ({"pointer": "/wait", "as": "milliseconds"}, dict, {"wait": 400}),
}


@pytest.mark.parametrize("wait, headers, body", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("scope", ["source", "request"])
def test_throttling_waits_as_long_as_the_api_says_by(pulling, db, wait, headers, body, scope):
    at = []

    def answer(_):
        at.append(time.monotonic())
        return (400, headers(), body) if len(at) == 1 else GOOD

    _, runner = pulling(answer, records="/rows", response=rule({"status": [400]}, "throttle", wait=wait, **{"for": scope}))
    assert_ended(runner.run(), db, rows=1, retries=1)
    assert at[1] - at[0] >= 0.35


def test_throttling_of_one_request_holds_no_other_up(pulling, db):
    at = {}

    def answer(asked):
        shop = int(dict(asked.query)["shop"])
        at.setdefault(shop, []).append(time.monotonic())
        return (429, {"X-Wait": "2"}, {}) if shop == 1 and len(at[1]) == 1 else {"rows": [{"id": shop}]}

    _, runner = pulling(answer, records="/rows", slices={"shop": [1, 2, 3, 4]}, limits={"concurrency": 1},
                        request={"path": "/rows", "query": {"shop": "{{ slice.shop }}"}},
                        response=rule({"status": [429]}, "throttle", wait={"header": "X-Wait", "as": "seconds"}, **{"for": "request"}))
    assert_ended(runner.run(), db, rows=4, slices_proven=4)
    assert at[1][1] - at[1][0] >= 1.9
    assert max(at[n][0] for n in (2, 3, 4)) < at[1][1], "others were asked meanwhile"
