"""The command line: help, wrong calls, schema, plan, migrate, overrides. check and status have files of their own."""

import base64
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, OK, USAGE
from harness.pipeline import sliced

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERBS = ("run", "plan", "check", "status", "report", "retry", "abandon", "migrate", "schema", "version")
EXAMPLES = [*sorted((ROOT / "deploy" / "examples").glob("*.yaml")), ROOT / "tests" / "demo" / "pipeline.yaml"]


@pytest.fixture
def cli(pagehaul_for):
    """The runner without API and database."""
    return pagehaul_for()


@pytest.fixture(scope="module")
def schema(pagehaul_binary):
    return json.loads(os.popen(f"{pagehaul_binary} schema").read())


def test_help_lists_every_verb_and_every_exit_code(cli):
    result = cli.run_raw("--help")
    assert result.code == OK and result.stderr == ""
    for verb in VERBS:
        assert re.search(rf"^  {verb} +\S", result.stdout, re.M), verb
    for code in (0, 64, 65, 69, 70, 75, 77, 78, 130, 143):
        assert re.search(rf"^  {code} +\S", result.stdout, re.M), code


def test_the_pipeline_that_help_shows_is_a_valid_config(cli, schema):
    shown = re.search(r"\n  pipeline: orders\n.*?\n\n", cli.run_raw("--help").stdout, re.S).group(0)
    result = cli.run("check", "--offline", config=shown, env={"SHOP_TOKEN": "some-token", "DATABASE_URL": "postgres://h/d"})
    assert result.code == OK, str(result)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(cli, verb):
    result = cli.run_raw(verb, "--help")
    assert result.code == OK and f"Usage: pagehaul {verb}" in result.stdout


@pytest.mark.parametrize("arguments, said", [
    ([], "expected a verb"),
    (["frobnicate"], "frobnicate"),
    (["run"], "--config is required"),
    (["run", "-c"], "--config"),
    (["run", "-c", "x.yaml", "--nonsense"], "--nonsense"),
    (["run", "-c", "x.yaml", "more"], "more"),
    (["status", "-c", "x.yaml", "--runs", "0"], "--runs"),
    (["plan", "-c", "x.yaml", "--json"], "--json"),
])
def test_a_wrong_command_line_is_64_and_says_what_is_wrong(cli, arguments, said):
    result = cli.run_raw(*arguments)
    assert result.code == USAGE and result.stdout == ""
    assert said in result.stderr and "--help" in result.stderr


def test_version_is_the_same_by_verb_and_by_flag(cli):
    result = cli.run_raw("version")
    assert re.fullmatch(r"pagehaul \d+\.\d+\.\d+\n", result.stdout)
    assert cli.run_raw("--version").stdout == result.stdout


def test_the_schema_is_valid_json_schema(schema):
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert set(schema["required"]) == {"pipeline", "source", "sink"}


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_example_fits_the_schema_and_loads(cli, schema, path, tmp_path):
    text = path.read_text()
    jsonschema.validate(yaml.load(text, yaml.BaseLoader), _of_strings(schema))
    for mounted in re.findall(r"\${file:(\S+?)}", text):
        secret = tmp_path / pathlib.Path(mounted).name
        secret.write_text(_private_key() if secret.suffix == ".pem" else "mounted-secret\n")
        text = text.replace(mounted, str(secret))
    secrets = {name: _SECRETS.get(name, "some-secret") for name in re.findall(r"\${(\w+)}", text)}
    result = cli.run("check", "--offline", config=text, env=secrets)
    assert result.code == OK, str(result)
    assert result.stdout.startswith("ok    config")


# What cannot be just anything.
_SECRETS = {"DATABASE_URL": "postgres://h/d", "OCEAN_KEY": base64.b64encode(b"k" * 32).decode()}


def _private_key():
    return subprocess.run(["openssl", "genpkey", "-algorithm", "RSA"], check=True, capture_output=True, text=True).stdout


def test_the_table_of_the_examples_names_each_of_them():
    named = re.findall(r"^\| \[(\w+\.yaml)\]\(\1\) \|", (ROOT / "deploy" / "examples" / "README.md").read_text(), re.M)
    assert named == sorted(path.name for path in (ROOT / "deploy" / "examples").glob("*.yaml"))


def _of_strings(schema):
    """The schema for a document whose scalars were all read as strings: YAML's dates are no JSON."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number", "boolean"):
            return {"type": "string"}
        return {key: _of_strings(value) for key, value in schema.items()}
    return [_of_strings(part) for part in schema] if isinstance(schema, list) else schema


def test_the_schema_refuses_a_key_that_the_program_refuses(schema):
    wrong = {"pipeline": "p", "source": {"base_url": "http://h", "request": {"path": "/x"}, "records": "/r"},
             "sink": {"dsn": "d", "table": "t", "key": ["id"], "columns": [{"name": "id", "type": "bigint"}]}}
    jsonschema.validate(wrong, schema)
    for place in (wrong, wrong["source"], wrong["sink"]["columns"][0]):
        place["nonsense"] = 1
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
        del place["nonsense"]


def test_plan_shows_slices_pages_requests_and_time_and_stores_nothing(pagehaul, api, db):
    api.set(rows=250)
    pagehaul.configure(sliced(), source={"limits": {"rate": "1/s"}})
    result = pagehaul.succeed("plan")
    lines = [line.split() for line in result.stdout.splitlines()]
    slices = [line for line in lines if line[-2:] == ["250", "3"]]
    assert len(slices) == 4
    assert "4 slices, 1000 rows, 16 requests with the proofs" in result.stdout
    assert "at least 16 s by source.limits.rate" in result.stdout
    assert set(api.pages_asked()) == {1}
    assert db.query("SELECT nspname FROM pg_namespace WHERE nspname IN ('pagehaul', 'report')") == []


def test_plan_foretells_the_requests_of_the_run(pagehaul, api):
    api.set(rows=450)
    pagehaul.configure(sliced())
    foretold = int(re.search(r"(\d+) requests", pagehaul.succeed("plan").stdout).group(1))
    api.clear_log()
    pagehaul.succeed()
    assert len(api.log()) == foretold


def test_plan_needs_no_database(pagehaul, db):
    result = pagehaul.run("plan", env={"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"})
    assert result.code == OK, str(result)


def test_plan_of_an_api_without_totals_says_so(pagehaul, api):
    api.set(total="none")
    pagehaul.configure(source={"pagination": {"total": None, "max_pages": 50}})
    assert "not told" in pagehaul.succeed("plan").stdout


def test_migrate_makes_the_ledger_and_a_second_time_nothing(pagehaul, db):
    told = pagehaul.succeed("migrate").stdout
    assert "migrated to version 1" in told and "migrated to version 2" in told
    before = db.query("SELECT oid FROM pg_class WHERE relnamespace = 'pagehaul'::regnamespace ORDER BY 1")
    assert "nothing to do" in pagehaul.succeed("migrate").stdout
    assert db.query("SELECT oid FROM pg_class WHERE relnamespace = 'pagehaul'::regnamespace ORDER BY 1") == before != []


def test_with_migrate_manual_a_run_waits_for_the_verb(pagehaul, api, db):
    pagehaul.configure(ledger={"migrate": "manual"})
    refused = pagehaul.run()
    assert refused.code == CONFIG and "pagehaul migrate" in refused.stderr, str(refused)
    assert api.log() == []
    pagehaul.succeed("migrate")
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("verb", ["run", "migrate", "status", "check"])
def test_a_ledger_that_is_newer_than_the_binary_is_78(pagehaul, db, verb):
    pagehaul.succeed("migrate")
    table = db.scalar("SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                      "JOIN pg_attribute ON attrelid = c.oid WHERE nspname = 'pagehaul' AND attname = 'version' AND relkind = 'r'")
    db.query(f"INSERT INTO {table} (version) VALUES (99)")
    result = pagehaul.run(verb)
    assert result.code == CONFIG and "newer" in result.stdout + result.stderr, str(result)


def test_set_overrides_the_file_and_its_environment_variable_does_too(pagehaul, api):
    api.set(rows=300)
    pagehaul.configure(source={"limits": {"rate": "1/s"}})
    plain = pagehaul.succeed("plan").stdout
    assert "1/s" not in plain and "at least" in plain
    both = ("--set", "source.limits.rate=100/s", "--set", "source.pagination.size=50")
    assert "7 requests" in pagehaul.succeed("plan", *both).stdout
    by_environment = {"PAGEHAUL_SET": "source.limits.rate=100/s\nsource.pagination.size=50"}
    assert "7 requests" in pagehaul.succeed("plan", env=by_environment).stdout


def test_set_on_the_command_line_wins_over_the_environment(pagehaul, api):
    api.set(rows=300)
    result = pagehaul.succeed("plan", "--set", "source.pagination.size=100", env={"PAGEHAUL_SET": "source.pagination.size=50"})
    assert "4 requests" in result.stdout


def test_a_backfill_by_set_pulls_the_named_days(pagehaul, api, db):
    api.set(rows=120)
    pagehaul.configure(sliced(advertisers=["1001"]))
    pagehaul.succeed("run", "--set", "source.slices.date.from=2026-10-30", "--set", "source.slices.date.to=2026-10-31")
    days = {entry["date"] for entry in api.log()}
    assert days == {"2026-10-30", "2026-10-31"}
    assert db.scalar("SELECT count(*) FROM report.creative") == 240
