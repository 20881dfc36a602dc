"""Which days a run pulls, by the calendar: a window of steps slides on from start to start."""

from harness.ending import assert_ended
from harness.pagehaul import OK, UNAVAILABLE
from harness.pipeline import sliced


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
