"""Each exit code of the README's table once, each with its verdict in the summary line; other files show them in depth."""

import pathlib
import re

import pytest

from harness import pagehaul as codes
from harness.oracle import assert_table_equals_oracle
from harness.process import free_port

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def summary(result):
    return next(line for line in result.log if line["msg"] == "summary")


def test_the_readme_s_table_is_the_one_of_help(pagehaul_for):
    listed = re.search(r"## Exit codes\n(.*?)\n## ", README.read_text(), re.S).group(1)
    table = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", listed, re.M) for code in row.split(",")}
    text = pagehaul_for().run_raw("--help").stdout.split("Exit codes:")[1]
    assert table == {int(code) for code in re.findall(r"^  (\d+) ", text, re.M)}
    assert table == {0, 64, 65, 69, 70, 75, 77, 78, 130, 143}


def test_0_everything_is_stored_and_proven(pagehaul):
    told = summary(pagehaul.succeed())
    assert (told["verdict"], told["exit_code"], told["proof"]) == ("succeeded", 0, "counts")


def test_64_the_command_line_is_wrong(pagehaul):
    assert pagehaul.run("run", "--frehs").code == codes.USAGE


def test_65_quarantine_is_over_its_limit(pagehaul, api):
    api.set(bad_rows=[5])
    result = pagehaul.run()
    assert result.code == codes.DATA and summary(result)["quarantined"] == 1, str(result)


def test_65_a_page_is_refused_for_good(pagehaul, api):
    api.set(faults=["404"], fault_pages=[3], fault_forever=True)
    result = pagehaul.run()
    assert result.code == codes.DATA and summary(result)["pages_failed"] == 1, str(result)


def test_65_the_proof_came_out_wrong(pagehaul, api):
    api.set(drift="insert", drift_after=3, drift_forever=True)
    result = pagehaul.run()
    assert result.code == codes.DATA and summary(result)["slices_failed"] == 1, str(result)


def test_69_the_api_stays_away_beyond_the_patience(pagehaul):
    pagehaul.configure(source={"base_url": f"http://127.0.0.1:{free_port()}"}, run={"patience": "1s"})
    result = pagehaul.run()
    assert result.code == codes.UNAVAILABLE and summary(result)["verdict"] == "incomplete", str(result)


def test_69_the_database_stays_away_beyond_the_patience(pagehaul):
    pagehaul.configure(run={"patience": "1s"})
    result = pagehaul.run(env={"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"})
    assert result.code == codes.UNAVAILABLE, str(result)


def test_69_a_page_used_up_its_attempts_and_the_next_start_tries_it_again(pagehaul, api):
    api.set(faults=["500"], fault_pages=[3], fault_tries=5)
    pagehaul.configure(source={"retry": {"attempts": 5}})
    result = pagehaul.run()
    assert result.code == codes.UNAVAILABLE and summary(result)["pages_failed"] == 1, str(result)
    pagehaul.succeed()


def test_70_a_bug_ends_the_run_and_the_next_start_goes_on(pagehaul, db, api):
    result = pagehaul.run(env={"PAGEHAUL_FAULT": "before_settle:1:throw"})
    assert result.code == codes.BUG and "a bug" in result.stderr, str(result)
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)


def test_75_the_deadline_is_reached(pagehaul, api):
    api.set(hold=True)
    pagehaul.configure(run={"deadline": "3s", "drain": "0s"})
    result = pagehaul.run()
    assert result.code == codes.INCOMPLETE and "deadline" in summary(result)["reason"], str(result)


def test_75_another_run_holds_the_lock(pagehaul, api):
    api.set(hold_after=1)
    first = pagehaul.start("run", "--run-key", "first")
    api.wait(requests=2)
    result = pagehaul.run("run", "--run-key", "second")
    assert result.code == codes.INCOMPLETE and "first" in summary(result)["reason"], str(result)
    api.set(hold=False, hold_after=0)
    assert first.wait() == codes.OK


def test_77_the_api_refuses_the_token(pagehaul):
    result = pagehaul.run(env={"ACCESS_TOKEN": "not-the-token"})
    assert result.code == codes.CREDENTIAL and summary(result)["verdict"] == "failed", str(result)


def test_77_the_database_refuses_the_password(pagehaul, db, postgres):
    result = pagehaul.run(env={"DATABASE_URL": db.dsn_through(postgres.host, postgres.port, password="not-the-password")})
    assert result.code == codes.CREDENTIAL, str(result)


def test_78_the_config_is_wrong(pagehaul):
    result = pagehaul.run("run", "--set", "run.drain=soon")
    assert result.code == codes.CONFIG and "run.drain" in result.stderr


@pytest.mark.parametrize("stop, code", [("interrupt", codes.SIGINT_EXIT), ("terminate", codes.SIGTERM_EXIT)])
def test_130_and_143_tell_the_signal_and_the_rest_is_resumable(pagehaul, api, stop, code):
    api.set(hold_after=3)
    pagehaul.configure(run={"drain": "0s"})
    running = pagehaul.start()
    api.wait(requests=5)
    getattr(running, stop)()
    result = running.result()
    assert result.code == code and summary(result)["verdict"] == "stopped", str(result)
    api.set(hold=False, hold_after=0)
    pagehaul.succeed()


def test_a_verdict_that_applies_to_several_codes_is_the_first_in_order(pagehaul, api):
    """77 before 65: a refused page and a refused token."""
    api.set(faults=["404"], fault_pages=[1], fault_forever=True)
    result = pagehaul.run(env={"ACCESS_TOKEN": "not-the-token"})
    assert result.code == codes.CREDENTIAL, str(result)
