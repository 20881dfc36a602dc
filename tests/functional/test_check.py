"""`pagehaul check`: one line for each part, and the exit code of the first that is bad."""

import pytest

from harness.pagehaul import CONFIG, CREDENTIAL, OK, UNAVAILABLE
from harness.process import free_port

PARTS = ["config", "auth", "api", "database", "ledger", "table", "pushgateway"]


@pytest.fixture
def runner(pagehaul, pushgateway):
    return pagehaul.configure(source={"retry": {"attempts": 1}}, telemetry={"pushgateway": {"url": pushgateway.url}})


def verdicts(result):
    """{part: "ok" or "FAIL"} of the lines of a check."""
    return {line.split()[1]: line.split()[0] for line in result.stdout.splitlines()}


def assert_only_bad(result, part, code, *said):
    assert result.code == code, str(result)
    bad = {name for name, verdict in verdicts(result).items() if verdict != "ok"}
    assert bad == {part}, str(result)
    line = next(line for line in result.stdout.splitlines() if line.split()[1] == part)
    assert all(text in line for text in said), line


def test_all_good_is_one_ok_line_a_part_and_changes_nothing(runner, db, pushgateway):
    result = runner.run("check")
    assert result.code == OK, str(result)
    assert list(verdicts(result).items()) == [(part, "ok") for part in PARTS]
    assert db.query("SELECT 1 FROM pg_namespace WHERE nspname IN ('pagehaul', 'report')") == []
    assert pushgateway.groups() == []


def test_offline_looks_at_the_config_alone(runner, api):
    result = runner.run("check", "--offline")
    assert result.code == OK and list(verdicts(result)) == ["config"]
    assert api.log() == []


def test_an_api_that_is_down_is_69_and_the_other_parts_are_still_checked(runner, api):
    api.set(down=True)
    result = runner.run("check")
    assert_only_bad(result, "api", UNAVAILABLE, "503")
    assert list(verdicts(result)) == PARTS


def test_nobody_at_the_api_s_address_is_69(runner):
    runner.configure(source={"base_url": f"http://127.0.0.1:{free_port()}"})
    assert_only_bad(runner.run("check"), "api", UNAVAILABLE)


def test_a_wrong_token_is_77(runner):
    assert_only_bad(runner.run("check", env={"ACCESS_TOKEN": "not-the-token"}), "api", CREDENTIAL, "source.auth", "401")


def test_records_that_do_not_convert_are_announced(runner, api):
    api.set(bad_rows=[0, 5])
    result = runner.run("check")
    assert result.code == OK and "2 of them would be quarantined" in result.stdout and "fee" in result.stdout


def test_a_database_that_is_down_is_69(runner):
    result = runner.run("check", env={"DATABASE_URL": f"postgresql://nobody:pw-canary@127.0.0.1:{free_port()}/none"})
    assert_only_bad(result, "database", UNAVAILABLE)
    assert "pw-canary" not in str(result)


def test_a_wrong_database_password_is_77(runner, db, postgres):
    wrong = db.dsn_through(postgres.host, postgres.port, password="not-the-password")
    result = runner.run("check", env={"DATABASE_URL": wrong})
    assert_only_bad(result, "database", CREDENTIAL)
    assert "not-the-password" not in str(result)


def test_missing_table_privileges_are_78_with_the_grant_that_helps(runner, db, postgres, role):
    runner.succeed("migrate")
    db.query(f"GRANT USAGE ON SCHEMA pagehaul TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA pagehaul TO {role}")
    db.query(f"CREATE SCHEMA report; GRANT USAGE ON SCHEMA report TO {role}")
    db.query("CREATE TABLE report.creative (advertiser_id bigint, date date, creativity_id bigint, campaign_id bigint, "
             "creativity_name text, note_id text, placement int, fee numeric, impression bigint, ctr float8, "
             "updated_at timestamp, PRIMARY KEY (advertiser_id, date, creativity_id))")
    dsn = db.dsn_through(postgres.host, postgres.port, user=role)
    result = runner.run("check", env={"DATABASE_URL": dsn})
    assert_only_bad(result, "table", CONFIG, f'GRANT SELECT, INSERT, UPDATE ON "report"."creative" TO "{role}"')


def test_a_pushgateway_that_is_down_is_told(runner):
    runner.configure(telemetry={"pushgateway": {"url": f"http://127.0.0.1:{free_port()}"}})
    assert_only_bad(runner.run("check"), "pushgateway", UNAVAILABLE, "telemetry.pushgateway.url")


def test_the_first_bad_part_decides_the_code(runner, api):
    api.set(down=True)
    result = runner.run("check", env={"DATABASE_URL": "postgresql://postgres:wrong-secret@127.0.0.1:1/x"})
    assert result.code == UNAVAILABLE
    assert [part for part, verdict in verdicts(result).items() if verdict == "FAIL"] == ["api", "database"]
