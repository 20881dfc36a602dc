"""What sink.key must be: unique within a page, across pages, across slices, and never NULL."""

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import TABLE, sliced

ROWS = 950


def test_different_rows_of_one_key_in_a_page_are_65_naming_the_key(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, dup_keys=[320])
    line = assert_ended(pagehaul_for(api, db).run(), db, 65, slices_failed=1, slices_proven=0,
                        reason="sink.key is not unique: a page holds different records with the key")
    assert "rows 19 and 20 differ" in line["reason"] and "creativity_id=1000319" in line["reason"]


@pytest.mark.parametrize("flags", [{"dup_keys": [300]}, {"dup_rows": [300]}], ids=["other-bytes", "same-bytes"])
def test_rows_that_repeat_on_the_next_page_are_never_called_complete(mock_api, db, pagehaul_for, flags):
    api = mock_api(rows=ROWS, **flags)
    line = assert_ended(pagehaul_for(api, db).run(), db, 65, slices_failed=1,
                        reason="rows repeat on other pages, or sink.key does not identify a row")
    assert "fetched 950 rows" in line["reason"] and "949 distinct keys" in line["reason"]
    assert db.scalar("SELECT pass FROM pagehaul.slice") == 3


def test_identical_rows_of_a_page_are_stored_once_and_counted(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, dup_rows=[21, 350, 352])
    assert_ended(pagehaul_for(api, db).run(), db, proof="counts", rows=ROWS, stored=ROWS - 3, duplicates=3, changed=ROWS - 3)
    assert_table_equals_oracle(db, api)
    assert db.query("SELECT no, duplicates FROM pagehaul.page WHERE duplicates > 0 ORDER BY no") == [(1, 1), (4, 2)]


def test_a_key_that_is_too_short_is_65(api, db, pagehaul):
    line = assert_ended(pagehaul.configure(sink={"key": ["placement"]}).run(), db, 65, slices_failed=1)
    assert "sink.key is not unique" in line["reason"] and "placement=" in line["reason"]


def test_keys_that_slices_share_are_65_unless_overlap_is_allowed(mock_api, db, pagehaul_for):
    api = mock_api(rows=250, dup_across_slices=True)
    runner = pagehaul_for(api, db).configure(sliced())
    line = assert_ended(runner.run(), db, 65, slices_proven=4, slices_failed=0,
                        reason="sink.key is not unique across slices: the slices have 1000 keys, together only 250")
    assert "sink.overlap: allowed" in line["reason"]
    runner.configure(sink={"overlap": "allowed"})
    assert_ended(runner.run(), db, rows=1000, slices_proven=4)
    assert_table_equals_oracle(db, api)


def test_a_key_without_the_slice_s_column_overlaps_only_where_slices_really_share_it(mock_api, db, pagehaul_for):
    api = mock_api(rows=120)
    assert_ended(pagehaul_for(api, db).configure(sliced(), sink={"key": ["creativity_id"]}).run(), db, slices_proven=4)
    assert db.scalar(f"SELECT count(*) FROM {TABLE}") == 480


def test_a_null_key_is_quarantined_and_counts_in_the_proof(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, null_key_rows=[5, 6, 420])
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": "0%"})
    assert_ended(runner.run(), db, 65, reason="quarantined 3 of 950 rows, run.quarantine_limit is 0%", quarantined=3)
    runner.configure(run={"quarantine_limit": 3})
    assert_ended(runner.run(), db, proof="counts", rows=ROWS, stored=ROWS - 3, quarantined=3)
    assert assert_table_equals_oracle(db, api) == 3
    assert db.query("SELECT page_no, row_no, reason FROM pagehaul.quarantine ORDER BY 1, 2") == [
        (page, row, "column creativity_id: expected a value in a key column, got null") for page, row in ((1, 5), (1, 6), (5, 20))]


@pytest.mark.parametrize("values, same", [
    (["1.0", "1.00"], True), (['"1"', "1"], True), (["1", "2"], False), (["1e2", "100"], True)])
def test_spellings_of_one_number_are_one_key(db, pagehaul_for, values, same):
    api = FixedApi(f'{{"id": {value}, "n": {n}}}' for n, value in enumerate(values))
    runner = pagehaul_for(None, db)
    runner.pipeline["source"] = api.source()
    runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "numeric"}]})
    assert_ended(runner.run(), db, 65 if same else 0)
    api.close()
