""""Nothing here" is an answer where the config, or the API's total, says so; everywhere else it is loud."""

import pytest

from harness.ending import assert_ended, lines

LIST = "/data/list"


def test_null_is_nothing_where_no_total_speaks_against_it(pulling, db):
    _, runner = pulling(lambda _: {"data": {"list": None}}, records=LIST)
    assert_ended(runner.run(), db, proof="pages", rows=0, slices_proven=1)


@pytest.mark.parametrize("total, code", [(0, 0), (3, 65)])
def test_null_beside_a_total_is_nothing_only_beside_0(pulling, db, total, code):
    _, runner = pulling(lambda _: {"data": {"list": None, "total": total}}, records=LIST,
                        pagination={"type": "none", "total": {"rows": "/data/total"}})
    assert_ended(runner.run(), db, code, rows=0, proof="counts" if code == 0 else "")


CASES = {"absent": ({"data": {}}, "absent"), "no object around it": ({"data": None}, "absent"),
         "an empty object": ({"data": {"list": {}}}, {}), "204": ((204, {}, b""), 204)}


@pytest.mark.parametrize("answer, word", CASES.values(), ids=CASES)
@pytest.mark.parametrize("pagination", [{"type": "none"}, {"type": "page_number", "total": {"rows": "/data/total"}}], ids=["none", "total"])
def test_what_else_stands_there_is_nothing_only_where_the_config_says_so(pulling, db, answer, word, pagination):
    query = {"page": "{{ page.number }}"} if pagination["type"] == "page_number" else {}
    api, runner = pulling(lambda _: answer, records=LIST, pagination=pagination, request={"path": "/rows", "query": query})
    assert_ended(runner.run(), db, 65, rows=0)
    runner.configure(source={"records": {"at": LIST, "empty": [word]}})
    before = len(api.asked)
    assert_ended(runner.run(), db, proof="pages", rows=0, slices_proven=1)
    assert len(api.asked) == before + 1


def test_an_end_on_page_1_is_an_empty_slice_though_a_total_was_to_be_told(pulling, db):
    _, runner = pulling(lambda _: (404, {}, {"error": "no such report"}), records=LIST,
                        pagination={"type": "page_number", "total": {"rows": "/data/total"}},
                        request={"path": "/rows", "query": {"page": "{{ page.number }}"}},
                        response={"rules": [{"when": {"status": [404]}, "then": "end"}]})
    result = runner.run()
    assert_ended(result, db, proof="pages", rows=0, slices_proven=1, requests=1)
    assert not lines(result, "page skipped")
