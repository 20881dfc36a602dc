"""`pagehaul status`: what it says of no run, an unfinished one, a success, and quarantine; as text and as JSON."""

import pytest

from harness.pagehaul import DATA, OK, SIGTERM_EXIT, UNAVAILABLE
from harness.waiting import eventually


@pytest.fixture
def unfinished(pagehaul, api, db):
    """A run that was stopped after 3 of 10 pages: the API held the rest."""
    api.set(hold_after=3)
    pagehaul.configure(run={"drain": "0s"})
    running = pagehaul.start()
    api.wait(requests=5)
    eventually(lambda: db.page_states().get("done", 0) == 3)
    running.terminate()
    assert running.wait() == SIGTERM_EXIT
    return pagehaul


def test_no_run_yet(pagehaul):
    assert "has not run yet" in pagehaul.succeed("status").stdout
    told = pagehaul.succeed("status", "--json").json
    assert told.pop("known_version") >= 17
    assert told == {"pipeline": "creative_report", "ledger_version": 0, "runs": [], "slices_left": 0, "left": [], "quarantined_rows": 0, "quarantine": []}


def test_an_unfinished_run_names_its_holes(unfinished, db):
    done = {no for (no,) in db.query("SELECT no FROM pagehaul.page WHERE state = 'done'")}
    (run,) = unfinished.succeed("status", "--json").json["runs"]
    assert run["state"] == "incomplete" and run["finished_at"] is None and run["fresh_workers"] == 0
    assert (run["pages_done"], run["pages_open"], run["rows_stored"]) == (3, 7, 300)
    (piece,) = run["unproven"]
    assert piece["state"] == "open" and (piece["total"], piece["pages_planned"]) == (1000, 10)
    assert set(piece["holes"]) == set(range(1, 11)) - done
    text = unfinished.succeed("status").stdout
    assert "incomplete" in text and "3 of 10 pages" in text and "slices 0 of 1 proven" in text
    assert "missing: " + ", ".join(map(str, sorted(piece["holes"]))) in text


def test_a_success_has_its_verdict_and_no_holes(pagehaul):
    pagehaul.succeed()
    document = pagehaul.succeed("status", "--json").json
    (run,) = document["runs"]
    assert run["state"] == "succeeded" and run["finished_at"] and run["unproven"] == []
    assert (run["slices_proven"], run["pages_open"], run["pages_failed"], run["rows_stored"]) == (1, 0, 0, 1000)
    assert run["verdict"]["verdict"] == "succeeded" and run["verdict"]["exit_code"] == OK
    assert document["quarantined_rows"] == 0
    text = pagehaul.succeed("status").stdout
    assert "succeeded" in text and "slices 1 of 1 proven" in text and "1000 stored" in text and "missing" not in text


def test_quarantined_rows_are_shown_with_their_place_and_reason(pagehaul, api):
    api.set(bad_rows=[105, 230])
    assert pagehaul.run().code == DATA
    document = pagehaul.succeed("status", "--json").json
    assert document["quarantined_rows"] == 2
    places = {(sample["page"], sample["row"]) for sample in document["quarantine"]}
    assert places == {(2, 5), (3, 30)}
    assert all("fee" in sample["reason"] and "creativity_id" in sample["payload"] for sample in document["quarantine"])
    assert document["runs"][0]["slices_failed"] == 1
    assert "quarantine: 2 rows" in pagehaul.succeed("status").stdout


def test_runs_limits_how_many_are_shown_newest_first(pagehaul):
    for key in ("a", "b", "c"):
        pagehaul.succeed("run", "--run-key", key)
    shown = pagehaul.succeed("status", "--json", "--runs", "2").json["runs"]
    assert [run["keys"] for run in shown] == [["c"], ["b"]]


def test_status_of_a_database_that_is_down_is_69_at_once(pagehaul):
    result = pagehaul.run("status", env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, timeout=10)
    assert result.code == UNAVAILABLE and result.stdout == "", str(result)
