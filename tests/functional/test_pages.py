"""Plain pulls: every way to ask for pages, every size of a report, all kinds of credentials."""

import socket

import pytest

from harness.ending import assert_ended, lines
from harness.fixed_api import FixedApi, record
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import TABLE, TOKEN, sliced

PAGE = {"page_num": "{{ page.number }}", "page_size": "{{ page.size }}"}
OFFSET = {"offset": "{{ page.offset }}", "limit": "{{ page.size }}"}


def asking(method, kind):
    """Changes that make the default pipeline ask by GET or POST, by page number or offset."""
    parameters = PAGE if kind == "page_number" else OFFSET
    if method == "GET":
        named = {"page" if k == "page_num" else k: v for k, v in parameters.items()}
        request = {"method": "GET", "path": "/rows", "body": None, "query": named}
    else:
        request = {"body": {**dict.fromkeys(PAGE), **parameters}}
    return {"source": {"request": request, "pagination": {"type": kind, "first": 1 if kind == "page_number" else None}}}


NO_TOTAL = {"source": {"pagination": {"total": None}}}


@pytest.mark.parametrize("kind", ["page_number", "offset"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_every_page_is_asked_once_and_page_1_again_for_the_proof(mock_api, db, pagehaul_for, method, kind):
    api = mock_api(rows=950, strict_types=method == "POST")
    result = pagehaul_for(api, db).configure(asking(method, kind)).run()
    assert_ended(result, db, proof="counts", rows=950, stored=950, changed=950, pages_done=10, requests=11, slices_proven=1)
    assert_table_equals_oracle(db, api)
    assert sorted(api.pages_asked()) == [1, *range(1, 11)]


@pytest.mark.parametrize("kind", ["page_number", "offset"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_without_a_total_two_empty_pages_are_the_end(mock_api, db, pagehaul_for, method, kind):
    api = mock_api(rows=950, total="none")
    result = pagehaul_for(api, db).configure(asking(method, kind), NO_TOTAL).run()
    assert_ended(result, db, proof="pages", rows=950, stored=950)
    assert_table_equals_oracle(db, api)
    asked = api.pages_asked()
    behind_short = [10] if kind == "offset" else []
    assert sorted(p for p in asked if p <= 10) == [*range(1, 11), *behind_short], "a page with rows is asked once"
    assert asked.count(11) == asked.count(12) == 2, "the end is asked again for the proof"


@pytest.mark.parametrize("rows, asked", [(0, [1]), (1, [1]), (40, [1]), (100, [1, 1, 2])])
def test_a_slice_of_one_page_proves_itself_unless_the_page_is_full(mock_api, db, pagehaul_for, rows, asked):
    api = mock_api(rows=rows)
    assert_ended(pagehaul_for(api, db).run(), db, proof="counts", rows=rows, stored=rows, slices_proven=1)
    assert_table_equals_oracle(db, api)
    assert api.pages_asked() == asked


@pytest.mark.parametrize("rows, pages", [(0, 0), (40, 1), (100, 1), (300, 3)])
def test_small_and_full_reports_end_without_a_total_too(mock_api, db, pagehaul_for, rows, pages):
    api = mock_api(rows=rows, total="none")
    assert_ended(pagehaul_for(api, db).configure(NO_TOTAL).run(), db, proof="pages", rows=rows, stored=rows)
    assert_table_equals_oracle(db, api)
    assert db.scalar("SELECT planned FROM pagehaul.slice") == pages


def test_a_full_last_page_asks_behind_it_and_an_empty_page_there_shows_the_end(mock_api, db, pagehaul_for):
    api = mock_api(rows=500)
    assert_ended(pagehaul_for(api, db).run(), db, proof="counts", rows=500, pages_done=5, requests=7)
    assert_table_equals_oracle(db, api)
    assert api.pages_asked().count(6) == 1


CAPPED = {"rows": 1000, "fault_pages": [11], "fault_forever": True}  # ten full pages are told, and no more are given


def end_rule(status):
    return {"source": {"response": {"rules": [{"when": {"status": [int(status)]}, "then": "end"}]}}}


@pytest.mark.parametrize("status", ["400", "401", "403", "503"])
def test_a_refusal_behind_the_last_page_is_no_end_that_was_shown_unless_a_rule_says_so(mock_api, db, pagehaul_for, tmp_path,
                                                                                      status):
    api = mock_api(faults=status, **CAPPED)
    runner = pagehaul_for(api, db)
    result = runner.run()
    line = assert_ended(result, db, proof="counts, end not shown", rows=1000, slices_proven=1,
                        reason="the end of 1 of 1 slices is not shown: all, page 11, behind the last one, is refused")
    rule = "{when: {status: [%s]}, then: end}" % status
    assert rule in line["reason"] and "proven by counts" not in line["reason"]
    (warning,) = lines(result, "the end was not shown")
    assert rule in warning["cause"]
    assert_table_equals_oracle(db, api)
    assert "slices 1 of 1 proven, of 1 the end not shown" in runner.run("status").stdout
    runner.succeed("report", "last", "--html", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "the end is not shown" in page and "counts, end not shown" in page and "page 11, behind the last one" in page

    result = runner.configure(end_rule(status)).run()
    assert_ended(result, db, proof="counts", rows=1000)
    assert not lines(result, "the end was not shown")


def test_what_is_not_shown_of_many_slices_is_warned_of_once(mock_api, db, pagehaul_for):
    api = mock_api(rows=200, faults="400", fault_pages=[3], fault_forever=True)
    result = pagehaul_for(api, db).configure(sliced()).run()
    assert_ended(result, db, proof="counts, end not shown", slices_proven=4, reason="the end of 4 of 4 slices is not shown")
    assert len(lines(result, "the end was not shown")) == 1


@pytest.mark.parametrize("required", ["pages", "counts"])
def test_a_required_proof_makes_an_end_that_was_not_shown_65(mock_api, db, pagehaul_for, required):
    api = mock_api(faults="400", **CAPPED)
    runner = pagehaul_for(api, db).configure(run={"require_proof": required})
    assert_ended(runner.run(), db, 65, slices_failed=1,
                 reason=f"run.require_proof is {required}, and what was shown is: counts, end not shown")
    assert_ended(runner.configure(end_rule(400)).run(), db, proof="counts")


@pytest.mark.parametrize("status", ["400", "401", "403", "503"])
def test_without_a_total_a_refusal_behind_an_empty_page_is_no_end_that_was_shown(mock_api, db, pagehaul_for, status):
    api = mock_api(rows=950, total="none", faults=status, fault_pages=[12], fault_forever=True)
    runner = pagehaul_for(api, db).configure(NO_TOTAL)
    result = runner.run()
    assert_ended(result, db, proof="pages, end not shown", rows=950, pages_failed=0,
                 reason="page 12, behind the last one, is refused")
    assert len(lines(result, "the end was not shown")) == 1
    assert_table_equals_oracle(db, api)
    assert_ended(runner.configure(run={"require_proof": "pages"}).run(), db, 65, reason="run.require_proof is pages")


def test_a_refusal_beyond_the_end_is_an_end_only_by_a_rule(mock_api, db, pagehaul_for):
    api = mock_api(rows=250, total="none", refuse_beyond=True)
    runner = pagehaul_for(api, db).configure(NO_TOTAL)
    result = runner.run()
    assert_ended(result, db, 65, reason="pages were refused for good")
    assert all("{when: {pointer: /code, in: [10002]}, then: end}" in line["cause"] for line in lines(result, "page refused"))
    runner.configure(source={"response": {"rules": [{"when": {"pointer": "/code", "in": [10002]}, "then": "end"}]}})
    assert_ended(runner.run(), db, proof="pages", rows=250)
    assert_table_equals_oracle(db, api)


def test_a_total_of_pages_is_proven_by_pages_and_says_so(db, pagehaul_for):
    api = FixedApi(record(id=i) for i in range(250))
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source(total={"pages": "/pages"})
    runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]})
    line = assert_ended(runner.run(), db, proof="pages", rows=250, pages_done=3)
    assert "by pages" in line["reason"] and "by counts" not in line["reason"]
    assert db.query(f"SELECT count(*), min(id), max(id) FROM {TABLE}") == [(250, 0, 249)]
    api.close()


def listens_on_v6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not listens_on_v6(), reason="this machine has no ::1")
def test_an_ipv6_address_may_be_the_host(db, pagehaul_for):
    api = FixedApi((record(id=i) for i in range(250)), host="::1")
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source()
    assert runner.pipeline["source"]["base_url"].startswith("http://[::1]:")
    runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]})
    assert_ended(runner.run(), db, rows=250, pages_done=3)
    api.close()


@pytest.mark.parametrize("total", ["every", "none"])
def test_slices_by_day_and_advertiser_each_have_their_own_proof(mock_api, db, pagehaul_for, total):
    api = mock_api(rows=250, total=total)
    runner = pagehaul_for(api, db).configure(sliced(), NO_TOTAL if total == "none" else {})
    assert_ended(runner.run(), db, rows=1000, stored=1000, slices_proven=4, slices_open=0)
    slices = [{"advertiser_id": a, "date": d} for d in ("2026-11-01", "2026-11-02") for a in ("1001", "1002")]
    assert_table_equals_oracle(db, api, slices=slices)
    assert {key for key, in db.query("SELECT key FROM pagehaul.slice WHERE state = 'proven'")} == {
        f"advertiser_id={s['advertiser_id']},date={s['date']}" for s in slices}


def test_slices_go_into_a_query_and_into_columns_by_template(mock_api, db, pagehaul_for):
    api = mock_api(rows=120)
    columns = [{"name": "advertiser_id", "type": "bigint", "value": "{{ slice.advertiser_id }}"},
               {"name": "date", "type": "date", "value": "{{ slice.date }}"}, {"name": "creativity_id", "type": "bigint"}]
    query = {"advertiser_id": "{{ slice.advertiser_id }}", "date": "{{ slice.date }}"}
    runner = pagehaul_for(api, db).configure(
        sliced(), asking("GET", "page_number"), {"source": {"request": {"query": query}}}, sink={"columns": columns})
    runner.configure(source={"request": {"body": None}})
    assert_ended(runner.run(), db, rows=480, slices_proven=4)
    assert_table_equals_oracle(db, api, columns=columns, slices=[
        {"advertiser_id": a, "date": d} for d in ("2026-11-01", "2026-11-02") for a in ("1001", "1002")])


def test_a_second_pull_of_unchanged_data_changes_no_row(api, db, pagehaul):
    assert_ended(pagehaul.run(), db, changed=1000)
    before = db.query(f"SELECT ctid, xmin FROM {TABLE} ORDER BY ctid")
    assert_ended(pagehaul.run(), db, rows=1000, stored=1000, changed=0)
    assert db.query(f"SELECT ctid, xmin FROM {TABLE} ORDER BY ctid") == before


def test_a_second_pull_of_changed_data_brings_the_table_up_to_date(api, db, pagehaul):
    pagehaul.succeed()
    api.set(seed=2)
    assert_ended(pagehaul.run(), db, rows=1000, changed=1000)
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("kind, flags, auth", [
    ("none", {"auth": "none", "token": ""}, {"type": "none"}),
    ("header", {}, {"type": "header", "name": "Access-Token", "value": "${ACCESS_TOKEN}"}),
    ("bearer", {"auth": "bearer"}, {"type": "bearer", "token": "${ACCESS_TOKEN}"}),
    ("basic", {"auth": "basic", "token": f"ann:{TOKEN}"}, {"type": "basic", "username": "ann", "password": "${ACCESS_TOKEN}"}),
    ("query", {"auth": "query", "auth_name": "key"}, {"type": "query", "name": "key", "value": "${ACCESS_TOKEN}"}),
])
def test_each_kind_of_credential_gets_through(mock_api, db, pagehaul_for, kind, flags, auth):
    api = mock_api(rows=150, **flags)
    runner = pagehaul_for(api, db)
    runner.pipeline["source"]["auth"] = auth
    assert_ended(runner.run(), db, rows=150)
    assert_table_equals_oracle(db, api)
    assert all(entry["auth_ok"] for entry in api.log())
