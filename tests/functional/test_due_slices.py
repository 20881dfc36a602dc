"""Which days a run pulls, by the calendar: none is due, or a window of steps slides on from start to start."""

import json

import pytest

from harness.ending import assert_ended, summary
from harness.pagehaul import OK, UNAVAILABLE
from harness.pipeline import sliced

RESUME = {"PAGEHAUL_RUN_KEY": "job-1"}
# Today is ready tomorrow.
NOT_DUE = {"source": {"slices": {"date": {"from": "0d", "to": "0d", "ready_at": "00:00"}}}}


@pytest.fixture
def early(pagehaul):
    """A run at a time when no slice is due."""
    return pagehaul.configure(sliced(advertisers=["1001"]), NOT_DUE)


def test_a_run_without_a_due_slice_says_so_and_not_that_every_page_is_stored(early, api, tmp_path):
    termination = tmp_path / "termination"
    termination.touch()
    result = early.succeed(env={"PAGEHAUL_TERMINATION_LOG": str(termination)})
    line = summary(result)
    assert (line["verdict"], line["exit_code"]) == ("nothing due", OK) and "every page" not in line["reason"]
    assert json.loads(termination.read_text())["verdict"] == "nothing due"
    assert api.log() == []
    (run,) = early.succeed("status", "--json").json["runs"]
    assert (run["state"], run["verdict"]["verdict"]) == ("nothing due", "nothing due")
    assert "nothing due" in early.succeed("status").stdout
    page = tmp_path / "run.html"
    early.succeed("report", str(run["run"]), "--html", str(page))
    assert "Nothing was due" in page.read_text() and "nothing is missing" not in page.read_text()


def test_the_same_key_says_it_again(early):
    early.succeed(env=RESUME)
    assert summary(early.succeed(env=RESUME))["verdict"] == "nothing due"


def test_it_is_no_success_of_the_pipeline(pagehaul, pushgateway):
    pagehaul.configure({"telemetry": {"pushgateway": {"url": pushgateway.url}}})
    pagehaul.configure(sliced(advertisers=["1001"], date_from="-1d", date_to="-1d")).succeed()
    names = ["pagehaul_last_success_timestamp_seconds", "pagehaul_source_watermark_timestamp_seconds", "pagehaul_last_run_success"]
    before = [pushgateway.value(name) for name in names]
    last_run = pushgateway.value("pagehaul_last_run_timestamp_seconds")
    pagehaul.configure(NOT_DUE)
    for key in ({}, RESUME, RESUME):
        assert summary(pagehaul.succeed(env=key))["verdict"] == "nothing due"
        assert [pushgateway.value(name) for name in names] == before
        # Of a run that has ended before, the ledger knows whole seconds.
        assert pushgateway.value("pagehaul_last_run_timestamp_seconds") > last_run or key
    assert pushgateway.value("pagehaul_run_in_progress") == 0


def test_a_first_run_with_nothing_due_claims_no_success(early, pushgateway):
    early.configure({"telemetry": {"pushgateway": {"url": pushgateway.url}}}).succeed()
    assert pushgateway.value("pagehaul_last_run_exit_code") == OK
    assert pushgateway.metric("pagehaul_last_success_timestamp_seconds") == {}


def test_what_a_sliding_window_of_steps_left_yesterday_does_not_meet_todays(pagehaul, api, db):
    """Ten years a step: one slice, whatever the date of this test."""
    pagehaul.configure(sliced(advertisers=["1001"]),
                       {"source": {"slices": {"date": {"from": "-7d", "to": "-1d", "step": "3650d"}}}})
    api.set(faults=["503"], fault_pages=[2], fault_forever=True)
    assert pagehaul.run().code == UNAVAILABLE
    # As yesterday's start planned it: the step as far as it was due then.
    db.query("UPDATE pagehaul.slice SET params = (params::jsonb || jsonb_build_object('date_end', "
               "(params::jsonb ->> 'date_end')::date - 1))::text")
    api.set(fault_pages=[])
    assert_ended(pagehaul.run(), db, OK, slices_proven=1, slices_open=0)
    slices = db.query("SELECT r.state, s.key, s.params::json ->> 'date_end' = ((now() AT TIME ZONE 'UTC')::date - 1)::text "
                      "FROM pagehaul.slice s JOIN pagehaul.run r ON r.id = s.run_id ORDER BY s.id")
    assert [(state, whole) for state, _, whole in slices] == [("superseded", False), ("succeeded", True)]
    assert slices[0][1] == slices[1][1]
