"""pagination.type none: one request a slice, and what its answer proves."""

import pytest

from harness.ending import assert_ended
from harness.pipeline import TABLE

ROWS = [{"id": i} for i in range(250)]


def test_one_answer_is_the_whole_slice_and_the_proof_is_of_pages(pulling, db):
    api, runner = pulling(lambda _: ROWS)
    assert_ended(runner.run(), db, proof="pages", rows=250, stored=250, pages_done=1, requests=1, slices_proven=1)
    assert db.scalar(f"SELECT count(*) FROM {TABLE}") == 250
    assert len(api.asked) == 1


def test_with_a_total_that_it_brings_the_proof_is_by_counts(pulling, db):
    _, runner = pulling(lambda _: {"rows": ROWS, "total": 250}, records="/rows",
                        pagination={"type": "none", "total": {"rows": "/total"}})
    assert_ended(runner.run(), db, proof="counts", rows=250, requests=1)


@pytest.mark.parametrize("total, reason", [
    ({"rows": "/total"}, "the one request of a slice brought 250 of a total of 1000 rows: the API has pages"),
    ({"pages": "/pages"}, "brought 1 of a total of 4 pages")])
def test_an_api_that_says_that_it_has_pages_is_65_at_once(pulling, db, total, reason):
    api, runner = pulling(lambda _: {"rows": ROWS, "total": 1000, "pages": 4}, records="/rows",
                          pagination={"type": "none", "total": total})
    result = runner.run()
    assert_ended(result, db, 65, slices_failed=1)
    assert reason in str(result)
    assert len(api.asked) == 1


def test_each_slice_is_one_request(pulling, db):
    api, runner = pulling(lambda asked: [{"id": int(dict(asked.query)["shop"])}], slices={"shop": [1, 2, 3]},
                          request={"path": "/rows", "query": {"shop": "{{ slice.shop }}"}})
    assert_ended(runner.run(), db, proof="pages", rows=3, requests=3, slices_proven=3)


def test_plan_says_one_page_and_one_request(pulling, db):
    _, runner = pulling(lambda _: ROWS)
    assert "1 slices, 250 rows, 1 requests with the proofs" in runner.succeed("plan").stdout
