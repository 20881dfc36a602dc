"""The API moves while it is read: repaired by another pass, or reported with its numbers. Never called complete."""

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi, record
from harness.oracle import assert_table_equals_oracle

ROWS = 950
EVERY = {"source": {"pagination": {"total": {"told_on": "every_page"}}}}
NO_TOTAL = {"source": {"pagination": {"total": None}}}


def passes(db):
    return db.query("SELECT pass, state FROM pagehaul.slice")


@pytest.mark.parametrize("told", [{}, EVERY], ids=["told-on-first", "told-on-every"])
def test_rows_inserted_while_reading_are_repaired_by_a_second_pass(mock_api, db, pagehaul_for, told):
    api = mock_api(rows=ROWS, drift="insert", drift_after=4, drift_rows=3)
    result = pagehaul_for(api, db).configure(told).run()
    assert_ended(result, db, proof="counts", rows=ROWS + 3, stored=ROWS + 3, slices_proven=1)
    assert_table_equals_oracle(db, api, inserted=3)
    assert passes(db) == [(2, "proven")]


def test_rows_removed_while_reading_are_repaired_by_a_second_pass(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, drift="remove", drift_after=4, drift_rows=3)
    result = pagehaul_for(api, db).run()
    # The rows of the second pass are the API's; upsert keeps what the first pass had stored and is gone since.
    assert_ended(result, db, proof="counts", rows=ROWS - 3, stored=ROWS - 3)
    assert_table_equals_oracle(db, api, removed=0)
    assert passes(db) == [(2, "proven")]


def test_rows_inserted_while_reading_without_a_total_are_repaired_too(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, total="none", drift="insert", drift_after=4, drift_rows=3)
    assert_ended(pagehaul_for(api, db).configure(NO_TOTAL).run(), db, proof="pages", rows=ROWS + 3)
    assert_table_equals_oracle(db, api, inserted=3)
    assert passes(db) == [(2, "proven")]


def test_only_the_slice_that_moved_is_pulled_again(db, pagehaul_for):
    asked = []

    class Moving(FixedApi):
        rows = {part: [record(id=i, part=part) for i in range(250)] for part in "ab"}

        def answer(self, query):
            asked.append((query["part"], int(query["page"])))
            if asked.count(("b", 2)) == 1 and asked[-1] == ("b", 2):
                self.rows["b"].insert(0, record(id=1000, part="b"))
            return self.page(self.rows[query["part"]], int(query["page"]), int(query["size"]))

    api = Moving([])
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source()
    runner.configure(source={"slices": {"part": ["a", "b"]}, "request": {"query": {"part": "{{ slice.part }}"}}},
                     sink={"key": ["part", "id"], "columns": [{"name": "part", "type": "text"}, {"name": "id", "type": "bigint"}]})
    assert_ended(runner.run(), db, rows=501, slices_proven=2)
    assert db.query("SELECT key, pass FROM pagehaul.slice ORDER BY 1") == [("part=a", 1), ("part=b", 2)]
    assert sorted(page for part, page in asked if part == "a") == [1, 1, 2, 3]
    assert db.query("SELECT part, count(*), max(id) FROM report.creative GROUP BY 1 ORDER BY 1") == [
        ("a", 250, 249), ("b", 251, 1000)]
    api.close()


@pytest.mark.parametrize("drift", ["insert", "remove"])
def test_drifting_for_ever_is_65_with_the_numbers(mock_api, db, pagehaul_for, drift):
    api = mock_api(rows=ROWS, drift=drift, drift_after=3, drift_rows=2, drift_forever=True)
    line = assert_ended(pagehaul_for(api, db).run(), db, 65, slices_failed=1, slices_proven=0,
                        reason="not proven in 3 passes, the API moves while it is read (source.drift.passes)")
    assert "total" in line["reason"] and "fetched" in line["reason"] and "distinct keys" in line["reason"]
    assert passes(db) == [(3, "failed")]


def test_drift_passes_bounds_the_passes(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, drift="insert", drift_after=3, drift_forever=True)
    runner = pagehaul_for(api, db).configure(source={"drift": {"passes": 1}})
    assert_ended(runner.run(), db, 65, reason="not proven in 1 pass (source.drift.passes)", slices_failed=1)
    assert passes(db) == [(1, "failed")]
    # The next start has passes afresh; the API stands still again.
    api.set(drift="none")
    assert_ended(runner.run(), db, slices_proven=1)
    assert passes(db) == [(2, "proven")]


def test_a_total_that_changes_on_a_later_page_starts_another_pass_where_every_page_tells_it(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, drift="total", drift_after=4)
    assert_ended(pagehaul_for(api, db).configure(EVERY).run(), db, rows=ROWS, slices_proven=1)
    assert_table_equals_oracle(db, api)
    assert passes(db) == [(2, "proven")]
    assert "told a total of 951, page 1 told 950" in db.scalar("SELECT moved FROM pagehaul.slice")


def test_a_total_that_never_stands_still_is_65(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, drift="total", drift_after=1, drift_forever=True)
    assert_ended(pagehaul_for(api, db).configure(EVERY).run(), db, 65, reason="told a total of", slices_failed=1)
    assert passes(db) == [(3, "failed")]


@pytest.mark.parametrize("total", ["every", "first"])
def test_a_total_told_on_every_page_or_the_first_alone_is_read_there(mock_api, db, pagehaul_for, total):
    api = mock_api(rows=ROWS, total=total)
    assert_ended(pagehaul_for(api, db).configure(EVERY if total == "every" else {}).run(), db, proof="counts", rows=ROWS)
    assert_table_equals_oracle(db, api)
    assert passes(db) == [(1, "proven")]


@pytest.mark.parametrize("total, refused", [("none", 1), ("first", 9)])
def test_a_total_that_is_missing_where_it_should_be_told_is_an_error(mock_api, db, pagehaul_for, total, refused):
    api = mock_api(rows=ROWS, total=total)
    assert_ended(pagehaul_for(api, db).configure(EVERY).run(), db, 65, pages_failed=refused)
    assert "source.pagination.total.rows: /data/total_count is missing" in db.scalar("SELECT max(reason) FROM pagehaul.quarantine")


@pytest.mark.parametrize("rows, pages", [(ROWS, 10), (150, 2)])
def test_the_same_page_for_ever_is_65_and_named(mock_api, db, pagehaul_for, rows, pages):
    api = mock_api(rows=rows, same_page=True)
    assert_ended(pagehaul_for(api, db).run(), db, 65, slices_failed=1,
                 reason=f"the API returned the same records for each of {pages} pages")


def test_the_same_page_for_ever_is_noticed_without_a_total_too(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, same_page=True, total="none")
    runner = pagehaul_for(api, db).configure(NO_TOTAL, source={"pagination": {"max_pages": 30}})
    assert_ended(runner.run(), db, 65, slices_failed=1, reason="have the same records: does the API read the page's number")


def test_a_page_size_that_the_api_caps_is_65_naming_both_numbers(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, cap_page_size=40)
    line = assert_ended(pagehaul_for(api, db).run(), db, 65, slices_failed=1, reason="the API caps the page size at 40 (asked 100")
    assert "950" in line["reason"] and api.pages_asked() == [1]


def test_a_capped_page_size_is_noticed_without_a_total_too(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, cap_page_size=40, total="none")
    assert_ended(pagehaul_for(api, db).configure(NO_TOTAL).run(), db, 65, slices_failed=1,
                 reason="brought fewer rows than source.pagination.size, 100")


def test_more_pages_than_max_pages_are_65_before_they_are_asked_for(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS)
    runner = pagehaul_for(api, db).configure(source={"pagination": {"max_pages": 9}})
    line = assert_ended(runner.run(), db, 65, slices_failed=1, reason="needs 10 pages")
    assert "allows 9" in line["reason"] and api.pages_asked() == [1]


@pytest.mark.parametrize("advisory", [False, True])
def test_a_total_that_counts_otherwise_is_refuted_unless_it_is_advisory(db, pagehaul_for, advisory):
    class Boastful(FixedApi):
        def answer(self, query):
            return super().answer(query).replace('"total":250', '"total":260')

    api = Boastful(record(id=i) for i in range(250))
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source(total={"rows": "/total", "trust": "advisory" if advisory else "exact"})
    runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]})
    if advisory:
        line = assert_ended(runner.run(), db, proof="pages", rows=250)
        assert "counts" not in line["reason"]
    else:
        assert_ended(runner.run(), db, 65, reason="the API told a total of 260; fetched 250 rows", slices_failed=1)
    api.close()


TOTALS = {"of rows": {"rows": "/total"}, "of pages": {"pages": "/pages"}, "advisory": {"rows": "/total", "trust": "advisory"}}


def holed(db, pagehaul_for, total, times, left):
    """A runner against an API whose page 5 of 10 has only `left` rows, the first `times` times that it is asked for."""
    class Holed(FixedApi):
        asked = 0

        def answer(self, query):
            whole = super().answer(query)
            if int(query["page"]) != 5:
                return whole
            self.asked += 1
            if self.asked > times:
                return whole
            return self.page(self.records[400:400 + left], 1, 100).replace(f'"total":{left},"pages":{left // 100 + (left > 0)}',
                                                                          '"total":1000,"pages":10')

    runner = pagehaul_for(None, db)
    api = Holed(record(id=i) for i in range(1000))
    runner.pipeline["source"] = api.source(total=total)
    return runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]}), api


@pytest.mark.parametrize("left", [0, 99], ids=["empty", "short"])
@pytest.mark.parametrize("total", TOTALS)
def test_a_page_with_a_hole_before_the_last_one_is_pulled_again(db, pagehaul_for, total, left):
    runner, api = holed(db, pagehaul_for, TOTALS[total], times=1, left=left)
    assert_ended(runner.run(), db, rows=1000, slices_proven=1)
    assert passes(db) == [(2, "proven")]
    assert db.scalar("SELECT count(*) FROM report.creative") == 1000
    api.close()


@pytest.mark.parametrize("total", TOTALS)
def test_a_page_that_stays_empty_before_the_last_one_is_65(db, pagehaul_for, total):
    runner, api = holed(db, pagehaul_for, TOTALS[total], times=100, left=0)
    line = assert_ended(runner.run(), db, 65, slices_failed=1, reason="fetched 900 rows on 10 pages")
    assert total == "of rows" or "page 5 brought fewer rows than source.pagination.size" in line["reason"]
    api.close()
