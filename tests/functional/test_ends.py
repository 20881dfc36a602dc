"""How the end of numbered pages is known, and that what only looks like one is seen."""

import pytest

from harness.asked_api import page_of
from harness.ending import assert_ended, lines
from harness.pipeline import TABLE

NUMBER = {"path": "/rows", "query": {"page": "{{ page.number }}"}}
OFFSET = {"path": "/rows", "query": {"offset": "{{ page.offset }}"}}


def records(count):
    return [{"id": i} for i in range(count)]


def by_number(**more):
    return {"request": NUMBER, "records": "/rows", "pagination": {"type": "page_number", "size": 100, **more}}


def by_offset(**more):
    return {"request": OFFSET, "records": "/rows", "pagination": {"type": "offset", "size": 100, **more}}


def numbers(api):
    return [int(dict(asked.query)["page"]) for asked in api.asked]


@pytest.mark.parametrize("told, total, proof", [("X-WP-Total", {"rows": {"header": "X-WP-Total"}}, "counts"),
                                                ("X-WP-TotalPages", {"pages": {"header": "x-wp-totalpages"}}, "pages")])
def test_a_total_in_a_header(pulling, db, told, total, proof):
    rows = records(250)
    number = 250 if told == "X-WP-Total" else 3
    _, runner = pulling(lambda asked: (200, {told: number}, {"rows": page_of(rows, asked)}), **by_number(total=total))
    assert_ended(runner.run(), db, proof=proof, rows=250)


@pytest.mark.parametrize("count", [1, 100, 101, 950, 1000])
def test_a_flag_tells_the_last_page(pulling, db, count):
    rows = records(count)
    last = -(-count // 100)

    def answer(asked):
        return {"rows": page_of(rows, asked), "more": int(dict(asked.query)["page"]) < last}

    api, runner = pulling(answer, **by_number(more="/more"))
    assert_ended(runner.run(), db, proof="pages", rows=count, slices_proven=1)
    assert numbers(api)[-1] == last, "the proof asks the last page again"


def test_a_flag_that_is_missing_is_65(pulling, db):
    _, runner = pulling(lambda asked: {"rows": page_of(records(5), asked)}, **by_number(more="/more"))
    assert_ended(runner.run(), db, 65, reason="source.pagination.more: /more is missing, expected true or false")


def test_a_flag_that_never_says_no_is_65_soon(pulling, db):
    api, runner = pulling(lambda asked: {"rows": page_of(records(150), asked), "more": True}, **by_number(more="/more"))
    result = runner.run()
    assert_ended(result, db, 65)
    assert "no page said that it is the last" in str(result)
    assert len(api.asked) < 30


@pytest.mark.parametrize("count, asked", [(0, [1, 1]), (40, [1, 2])])
def test_a_short_page_is_the_end_and_one_request_behind_it_shows_that(pulling, db, count, asked):
    api, runner = pulling(lambda asked: {"rows": page_of(records(count), asked)}, **by_number(end="short_page"))
    assert_ended(runner.run(), db, proof="pages", rows=count)
    assert numbers(api) == asked


@pytest.mark.parametrize("count", [100, 950, 1000])
def test_a_short_page_ends_many(pulling, db, count):
    _, runner = pulling(lambda asked: {"rows": page_of(records(count), asked)}, **by_number(end="short_page"))
    assert_ended(runner.run(), db, proof="pages", rows=count)


@pytest.mark.parametrize("end", ["short_page", "empty_pages"])
@pytest.mark.parametrize("count", [80, 120, 300])
def test_offsets_of_an_api_that_caps_its_pages_lose_nothing_unseen(pulling, db, end, count):
    def capped(asked):
        return {"rows": page_of(records(count), asked, 50)}

    _, runner = pulling(capped, **by_offset(end=end), drift={"passes": 1})
    assert_ended(runner.run(), db, 65)
    runner.configure(source={"pagination": {"size": 50}})
    assert_ended(runner.run(), db, proof="pages", rows=count)


@pytest.mark.parametrize("end", ["short_page", "empty_pages"])
def test_numbers_of_an_api_that_caps_its_pages_are_seen(pulling, db, end):
    def capped(asked):
        page = int(dict(asked.query)["page"])
        return {"rows": records(120)[(page - 1) * 50:page * 50]}

    _, runner = pulling(capped, **by_number(end=end), drift={"passes": 1})
    assert_ended(runner.run(), db, 65)


@pytest.mark.parametrize("first", [0, 1])
def test_offsets_begin_at_0_or_1(pulling, db, first):
    rows = records(250)

    def answer(asked):
        at = int(dict(asked.query)["offset"]) - first
        return {"rows": rows[at:at + 100], "total": 250}

    api, runner = pulling(answer, **by_offset(first=first, total={"rows": "/total"}))
    assert_ended(runner.run(), db, proof="counts", rows=250)
    assert sorted({int(dict(asked.query)["offset"]) for asked in api.asked}) == [first, 100 + first, 200 + first]


def repeating(count):
    """Pages behind the last one are the last one again."""
    rows = records(count)
    last = max(1, -(-count // 100))

    def answer(asked):
        page = min(int(dict(asked.query)["page"]), last)
        return {"rows": rows[(page - 1) * 100:page * 100]}

    return answer


@pytest.mark.parametrize("count", [40, 250, 300, 1050])
def test_a_page_that_comes_again_is_the_end_where_the_config_says_so(pulling, db, count):
    _, runner = pulling(repeating(count), **by_number(end="repeated_page"))
    assert_ended(runner.run(), db, proof="pages", rows=count, stored=count)
    assert db.scalar(f"SELECT count(*) FROM {TABLE}") == count


def test_one_full_page_that_comes_again_shows_no_end(pulling, db):
    _, runner = pulling(repeating(100), **by_number(end="repeated_page"))
    result = runner.run()
    assert_ended(result, db, proof="pages, end not shown", rows=100)
    assert "it repeats page 1, which is full" in lines(result, "the end was not shown")[0]["cause"]


@pytest.mark.parametrize("count", [250, 300])
def test_a_page_that_comes_again_unexpected_is_65_soon(pulling, db, count):
    api, runner = pulling(repeating(count), **by_number(), limits={"concurrency": 1}, drift={"passes": 1})
    assert_ended(runner.run(), db, 65)
    assert len(api.asked) < 40
