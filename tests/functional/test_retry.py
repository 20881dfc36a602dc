"""`pagehaul retry`: pulls again only what holds quarantined rows or refused pages."""

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import DATA, INCOMPLETE, SIGTERM_EXIT
from harness.pipeline import sliced
from harness.recovery import release, start_midway


def test_nothing_to_retry_is_a_success_without_a_request(pagehaul, api):
    pagehaul.succeed()
    api.clear_log()
    result = pagehaul.succeed("retry")
    assert "nothing to retry" in result.stderr and api.log() == []


def test_slices_with_quarantined_rows_are_pulled_again_and_no_others(pagehaul, api, db):
    """Every slice has a bad row; somebody has looked at those of advertiser 1001 and deleted them."""
    pagehaul.configure(sliced(), run={"quarantine_limit": "50%"})
    api.set(rows=150, bad_rows=[3])
    pagehaul.succeed()
    kept = db.query("DELETE FROM pagehaul.quarantine q USING pagehaul.slice s WHERE s.id = q.slice_id "
                    "AND s.key NOT LIKE %s RETURNING 1", "%1002%")
    assert len(kept) == 2, "one bad row in each of the two slices of 1001"
    api.set(bad_rows=[])
    api.clear_log()
    pagehaul.succeed("retry")
    assert {str(entry["advertiser_id"]) for entry in api.log()} == {"1002"}


def test_a_refused_page_is_pulled_again_once_the_cause_is_gone(pagehaul, api, db):
    api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    assert pagehaul.run().code == DATA
    api.set(fault_pages=[])
    pagehaul.succeed("retry")
    assert_table_equals_oracle(db, api)


def test_a_run_that_was_stopped_is_to_be_resumed_and_not_retried(pagehaul, api, db):
    pagehaul.configure(run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, answered=5)
    running.terminate()
    assert running.result().code == SIGTERM_EXIT
    release(api)
    result = pagehaul.run("retry")
    assert result.code == INCOMPLETE, str(result)
    assert "run 1 is unfinished: `pagehaul run` resumes it" in result.stderr
    assert api.log() == []
