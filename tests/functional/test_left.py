"""What an unfinished run leaves: whose pages the next one adopts, what it carries over, and `pagehaul abandon`."""

from harness.pagehaul import DATA, SIGTERM_EXIT, USAGE
from harness.pipeline import sliced
from harness.recovery import release, start_midway, summary


def test_another_accounts_pages_are_not_adopted(pagehaul, api, db):
    pagehaul.configure({"source": {"request": {"body": {"advertiser_id": "${ACCOUNT}"}}}}, run={"drain": "0s"})
    running = start_midway(pagehaul, api, db, answered=5, env={"ACCOUNT": "1001"})
    running.terminate()
    assert running.result().code == SIGTERM_EXIT
    release(api)
    pagehaul.succeed(env={"ACCOUNT": "1002"})
    assert {str(entry["advertiser_id"]) for entry in api.log()} == {"1002"}
    assert db.scalar("SELECT count(*) FROM report.creative WHERE advertiser_id = 1002") == 1000


def test_days_that_failed_are_pulled_after_the_config_is_mended_though_they_left_the_window(pagehaul, api, db):
    api.set(rows=150)
    pagehaul.configure(sliced(date_from="2026-11-01", date_to="2026-11-01"))
    columns = pagehaul.pipeline["sink"]["columns"]
    pagehaul.configure(sink={"columns": [{**column, "from": "/mistyped"} if column["name"] == "note_id" else column for column in columns]})
    assert pagehaul.run().code == DATA
    pagehaul.configure(sliced(date_from="2026-11-02", date_to="2026-11-02"), sink={"columns": columns})
    result = pagehaul.succeed()
    assert "slice advertiser_id=1001,date=2026-11-01 carried over from run 1" in result.stderr
    assert db.query("SELECT date::text, count(*) FROM report.creative GROUP BY 1 ORDER BY 1") == [("2026-11-01", 300), ("2026-11-02", 300)]
    assert pagehaul.succeed("status", "--json").json["slices_left"] == 0


def test_what_cannot_be_carried_over_is_listed_until_it_is_abandoned(pagehaul, api, db):
    api.set(rows=150, faults=["404"], fault_pages=[2], fault_forever=True)
    pagehaul.configure(sliced(advertisers=("1001",), date_to="2026-11-01"))
    assert pagehaul.run().code == DATA
    api.set(fault_pages=[])
    pagehaul.configure({"source": {"slices": {"advertiser_id": None}, "request": {"body": {"advertiser_id": 1002}}}})
    key = "advertiser_id=1001,date=2026-11-01"
    assert f'`pagehaul abandon \\"{key}\\" --why TEXT` closes it' in pagehaul.succeed().stderr
    (left,) = pagehaul.succeed("status", "--json").json["left"]
    assert left["slice"] == key and left["run"] == 1
    assert f"run 1  {key}" in pagehaul.succeed("status").stdout

    wrong = pagehaul.run("abandon", "advertiser_id=9", "--why", "a mistake")
    assert wrong.code == USAGE and 'nothing of pipeline creative_report is left by the name "advertiser_id=9"' in wrong.stderr
    assert pagehaul.succeed("abandon", key, "--why", "the API deleted it").stdout == f"abandoned: {key} of run 1\n"
    assert pagehaul.succeed("status", "--json").json["left"] == []
    assert db.scalar("SELECT abandoned FROM pagehaul.slice WHERE run_id = 1").startswith("the API deleted it")


def test_a_day_that_the_api_refuses_for_ever_fails_its_own_run_alone(pagehaul, api, db):
    """Yesterday's run: 65. Today's, which takes its slice over: 0, saying so, and so will tomorrow's until it is abandoned."""
    api.set(rows=150)
    pagehaul.configure(sliced(date_to="2026-11-01"), source={"slices": {"advertiser_id": ["no number"]}})
    assert pagehaul.run().code == DATA
    pagehaul.configure(sliced(date_from="2026-11-02", date_to="2026-11-02"))
    for _ in range(2):
        line = summary(pagehaul.succeed())
        assert line["slices_left"] == 1 and line["slices_failed"] == 0 and "1 slice of an older run is still not pulled" in line["reason"]
    (left,) = pagehaul.succeed("status", "--json").json["runs"][0]["unproven"]
    pagehaul.succeed("abandon", left["slice"], "--why", "refused for ever")
    assert summary(pagehaul.succeed())["slices_left"] == 0
