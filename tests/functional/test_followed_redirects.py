"""`redirects: same_origin`: what an API leads on to at its own origin is asked for, at the pace of all requests, and links count from there."""

import time

from harness.ending import assert_ended

RECORDS = [{"id": i} for i in range(30)]


def following(path, **more):
    return {"path": path, "redirects": "same_origin", **more}


def test_a_relative_link_counts_from_where_the_redirect_led(pulling, db):
    def answer(asked):
        if asked.path == "/rows":
            return 307, {"Location": "/v2/shops/rows?part=1"}, {}
        assert asked.path == "/v2/shops/rows", "beside the page that told it, not beside the address that was asked first"
        part = int(dict(asked.query)["part"])
        return {"rows": RECORDS[(part - 1) * 10:part * 10], "next": f"rows?part={part + 1}" if part < 3 else None}

    api, runner = pulling(answer, records="/rows", pagination={"type": "next_link", "link": "/next"}, request=following("/rows"))
    assert_ended(runner.run(), db, proof="chain", rows=30)
    assert [asked.path for asked in api.asked] == ["/rows", "/v2/shops/rows", "/v2/shops/rows", "/v2/shops/rows"]


def test_redirects_are_requests_to_the_rate(pulling, db):
    rate, pages = 20, 5
    arrived = []

    def answer(asked):
        arrived.append(time.monotonic())
        page = int(dict(asked.query)["page"])
        if asked.path == "/rows":
            return 308, {"Location": f"/moved?page={page}"}, {}
        return {"rows": RECORDS[(page - 1) * 6:page * 6], "total": len(RECORDS)}

    api, runner = pulling(answer, records="/rows", pagination={"type": "page_number", "size": 6, "total": {"rows": "/total"}},
                          request=following("/rows", query={"page": "{{ page.number }}"}), limits={"rate": f"{rate}/s", "burst": 1})
    assert_ended(runner.run(), db, proof="counts", rows=30)
    assert len(arrived) >= 2 * pages
    assert arrived[-1] - arrived[0] >= 0.9 * (len(arrived) - 1) / rate
