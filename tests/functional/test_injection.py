"""What config, environment, API and database say stays what it is: no SQL, no header, no line of a log, no file for others."""

import json
import os
import pathlib
import stat
import threading

import pytest

from harness.ending import assert_ended, assert_ledger_consistent
from harness.origins import one_row, reading
from harness.pagehaul import CONFIG, DATA, OK
from harness.pipeline import merge

pytestmark = pytest.mark.security


@pytest.fixture
def api_of_one():
    with one_row('{"id":1,"text":"x"}') as api:
        yield api


@pytest.fixture
def runner(pagehaul_for, api_of_one, db):
    return reading(pagehaul_for(None, db), api_of_one)


NAMES = ["a'; DROP TABLE canary; --", "a; SELECT 1", "$1", "$a$", "a$", "%s %d %", "a\\b", "a)(", "/* a", "select", "A B", "ü" * 31 + "x", "x" * 63, "{s}",
         "{{", "${", ":a", "pg_temp"]


def written(name):
    """As a config must write it to mean it."""
    return name.replace("${", "$${")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_table_a_column_and_the_ledger_s_schema_is_only_a_name(runner, db, name):
    db.query("CREATE TABLE canary (id int)")
    runner.configure(sink={"table": "report." + written(name), "key": [written(name)],
                           "columns": [{"name": written(name), "type": "bigint", "from": "/id"}]},
                     ledger={} if name.startswith("pg_") else {"schema": written(name)})
    runner.succeed("check")
    runner.succeed()
    for verb in (["check"], ["plan"], ["run"], ["status"], ["report", "last", "--html", "-"]):
        assert runner.run(*verb).code == OK, verb
    assert db.query("SELECT relname, attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                    "WHERE relnamespace = 'report'::regnamespace AND relkind = 'r' AND attnum > 0") == [(name, name)]
    assert db.query("SELECT count(*) FROM canary") == [(0,)]


@pytest.mark.parametrize("name, said", [('a"b', "without quotes and control characters"), ("a\0b", "without quotes and control characters"),
                                        ("a\nb", "without quotes and control characters"), ("x" * 64, "at most 63 bytes"),
                                        ("ü" * 32, "at most 63 bytes"), ("", "not an empty one")])
@pytest.mark.parametrize("place", ["schema", "table", "column", "key", "ledger"])
def test_a_name_that_postgresql_cannot_hold_as_it_stands_is_78_before_anybody_hears_of_it(runner, api_of_one, place, name, said):
    column = {"name": name, "type": "bigint", "from": "/id"}
    runner.configure(*{"schema": [{"sink": {"table": f"{name}.t"}}], "table": [{"sink": {"table": f"report.{name}"}}],
                       "column": [{"sink": {"columns": [column]}}], "key": [{"sink": {"key": [name]}}], "ledger": [{"ledger": {"schema": name}}]}[place])
    result = runner.run()
    assert result.code == CONFIG and said in result.stderr, str(result)
    assert api_of_one.pushes == []


EVIL = "a\r\nX-Evil: 1"


def test_what_ends_the_body_of_a_function_is_no_name_of_the_ledger_s_schema(runner, db):
    db.query("CREATE TABLE canary (id int)")
    result = runner.configure(ledger={"schema": "a$$; DROP TABLE public.canary; --"}).run("migrate")
    assert result.code == CONFIG and "ledger.schema: expected a name without $$" in result.stderr, str(result)
    assert db.query("SELECT count(*) FROM canary") == [(0,)]
    runner.configure(sink={"table": "report.$$ a $$"}, ledger={"schema": "$ a $"}).succeed()
    assert db.scalar('SELECT count(*) FROM report."$$ a $$"') == 1


@pytest.mark.parametrize("evil", [EVIL, "a\nX-Evil: 1", "a\rX-Evil: 1"], ids=["CRLF", "LF", "CR"])
@pytest.mark.parametrize("where, source", [
    ("source.request.headers.X-Own", {"request": {"headers": {"X-Own": "${EVIL}"}}}),
    ("source.auth", {"auth": {"type": "header", "name": "Access-Token", "value": "${EVIL}"}}),
    ("source.auth", {"auth": {"type": "bearer", "name": None, "value": None, "token": "${EVIL}"}}),
    ("source.auth", {"auth": {"type": "header", "name": "Access-Token", "value": "${file:FILE}"}}),
], ids=["header", "auth", "bearer", "file"])
def test_a_variable_makes_no_header_of_its_own(runner, api_of_one, tmp_path, where, source, evil):
    (tmp_path / "token").write_bytes(evil.encode())
    runner.env["EVIL"] = evil
    runner.configure(source=json.loads(json.dumps(source).replace("FILE", str(tmp_path / "token"))))
    for verb in ("check", "run"):
        result = runner.run(verb)
        told = result.stdout + result.stderr
        assert result.code == CONFIG and where in told and "without line breaks" in told, str(result)
        assert "X-Evil" not in told
    assert api_of_one.pushes == []


def test_a_credential_in_the_query_is_one_value_whatever_it_holds(runner, api_of_one):
    runner.env["EVIL"] = "a b&admin=1#/../?x=%00+"
    runner.pipeline["source"]["auth"] = {"type": "query", "name": "to&ken", "value": "${EVIL}"}
    runner.succeed()
    assert {push.path for push in api_of_one.pushes} == {"/rows?page=1&to%26ken=a%20b%26admin%3D1%23%2F..%2F%3Fx%3D%2500%2B"}


@pytest.mark.parametrize("name", ["X-A\r\nX-Evil", "X A", "X:A", "", "Host", "Content-Length", "Transfer-Encoding", "Connection"])
def test_a_header_s_name_that_would_change_the_request_s_frame_is_78(runner, api_of_one, name):
    result = runner.configure(source={"request": {"headers": {name: "1"}}}).run()
    assert result.code == CONFIG and "source.request.headers" in result.stderr, str(result)
    assert "expected" in result.stderr and api_of_one.pushes == []


def test_a_slice_s_value_makes_no_header_and_no_line(runner, api_of_one):
    runner.configure(source={"slices": {"name": [EVIL]}, "request": {"headers": {"X-Own": "{{ slice.name }}"}}})
    for verb in ("check", "plan", "run"):
        result = runner.run(verb)
        told = result.stdout + result.stderr
        assert result.code == CONFIG and "CR, LF or NUL" in told, str(result)
        assert not any(line.startswith("X-Evil") for line in told.splitlines()), str(result)
    assert api_of_one.pushes == []


def test_a_slice_s_value_with_a_nul_is_78(runner, api_of_one):
    """Neither the ledger nor a column could tell it from another one."""
    result = runner.configure(source={"slices": {"name": ["a\0b", "a\0c"]}}).run()
    assert result.code == CONFIG and "source.slices.name.0: expected a value without NUL" in result.stderr, str(result)
    assert api_of_one.pushes == []


FORGED = "\nok    database    forged\r{\"level\":\"info\",\"msg\":\"forged\"}\x1b[2J\u202e\u2028\u009b"


def assert_no_line_is_forged(told, what):
    assert not set(told) & set("\r\x1b\u202e\u2028\u009b"), what
    forged = [line for line in told.splitlines() if line.startswith(("ok    database    forged", '{"level":"info","msg":"forged"'))]
    # In a page of HTML a line break is a blank.
    assert not forged or told.startswith("<!doctype html>"), f"{what}: {told}"


@pytest.mark.parametrize("form", ["text", "json"])
def test_slices_whose_values_hold_lines_are_told_in_one(runner, db, form):
    runner.configure(source={"slices": {"name": ["a" + FORGED, "b"]}}, sink={"overlap": "allowed"}, telemetry={"log": {"format": form, "level": "debug"}})
    for verb in (["check"], ["plan"], ["run"], ["status"], ["status", "--json"], ["report", "last", "--html", "-"]):
        result = runner.run(*verb)
        assert result.code == OK, str(result)
        assert_no_line_is_forged(result.stdout + result.stderr, verb)
    assert ("a" + FORGED,) in db.query("SELECT params::json->>'name' FROM pagehaul.slice")


@pytest.mark.parametrize("change, more", [
    ({"no" + FORGED: 1}, []), ({"source": {"no" + FORGED: 1}}, []), ({"source": {"request": {"path": FORGED}}}, []),
    ({"source": {"base_url": FORGED}}, []), ({"run": {"drain": FORGED}}, []), ({"sink": {"table": "t" + FORGED}}, []), ({"pipeline": FORGED}, []),
    ({"source": {"slices": {"a" + FORGED: [1]}}}, []), ({"source": {"slices": {"a": [FORGED, FORGED]}}}, []),
    ({"source": {"records": "/" + FORGED, "response": {"success": {"pointer": "/x" + FORGED, "equals": FORGED}}, "retry": {"attempts": 1}}}, []),
    ({"sink": {"dsn": FORGED}}, []), ({"sink": {"dsn": "postgres://h/db?no%0Aok=1"}}, []),
    ({}, ["--set", "no" + FORGED + "=1"]), ({}, ["--set", FORGED]), ({}, ["--set", "run.drain=" + FORGED]), ({}, ["--no" + FORGED]), ({}, [FORGED]),
], ids=lambda value: None)
def test_what_is_wrong_with_a_config_or_a_call_is_told_in_lines_of_our_own(runner, change, more):
    for verb in ("check", "run"):
        result = runner.run(verb, *more, config=merge(runner.pipeline, change))
        assert result.code != OK, str(result)
        assert_no_line_is_forged(result.stdout + result.stderr, verb)


def test_objects_of_the_database_whose_names_hold_lines_are_told_in_one(runner, db):
    evil = '"' + FORGED.replace('"', '""') + '"'
    db.query(f"CREATE SCHEMA report; CREATE TABLE report.creative (id bigint PRIMARY KEY, {evil} int NOT NULL);"
             "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
             f"CREATE TRIGGER {evil} BEFORE INSERT ON report.creative FOR EACH ROW EXECUTE FUNCTION drop_it()")
    for verb in ("check", "run"):
        result = runner.configure(telemetry={"log": {"format": "text"}}).run(verb)
        assert result.code == CONFIG and "forged" in result.stdout + result.stderr, str(result)
        assert_no_line_is_forged(result.stdout + result.stderr, verb)


@pytest.mark.parametrize("value", [FORGED, "a\0b", "\ud800", "'); DROP TABLE canary; --", "\\", "\\.", "\t\\N\n"])
def test_what_an_api_says_is_data_in_rows_and_reasons(pagehaul_for, db, value):
    """Of three rows one cannot be converted: its text stands in the ledger's quarantine, and in what is told of it."""
    db.query("CREATE TABLE canary (id int)")
    text = json.dumps(value)
    with one_row(f'{{"id":1,"text":{text}}},{{"id":{text},"text":"x"}},{{"id":2,"text":"y"}}') as api:
        runner = reading(pagehaul_for(None, db), api, pagination={"type": "page_number", "size": 100})
        runner.configure(sink={"columns": [{"name": "id", "type": "bigint"}, {"name": "text", "type": "text"}]},
                         run={"quarantine_limit": "100%"}, telemetry={"log": {"format": "text", "level": "debug"}})
        results = [runner.run(*verb) for verb in (["run"], ["check"], ["status"], ["report", "last", "--html", "-"])]
    for result in results:
        assert_no_line_is_forged(result.stdout + result.stderr, result)
    assert results[0].code in (OK, DATA), str(results[0])
    assert_ledger_consistent(db)
    stored = dict(db.query("SELECT id, text FROM report.creative"))
    assert stored.get(2) == "y" and db.scalar("SELECT count(*) FROM canary") == 0
    if value not in ("a\0b", "\ud800"):
        assert stored[1] == value


@pytest.mark.parametrize("header", ["Location", "Retry-After", "Content-Type", "Content-Encoding", "X-Any"])
def test_a_header_of_an_api_steers_no_terminal(pagehaul_for, db, header):
    from harness.fixed_api import FixedApi
    api = FixedApi(['{"id":1}'])
    try:
        api.reply = lambda query: (302 if header == "Location" else 400, {header: "/a\x1b]0;owned\x07\x9b2J\tok    database    forged"}, b"")
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = {**api.source(), "retry": {"attempts": 1}}
        runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]}, run={"patience": "1s"},
                         telemetry={"log": {"format": "text"}})
        for verb in ("check", "run", "status"):
            result = runner.run(verb)
            assert not set(result.stdout + result.stderr) & set("\x1b\x07\x9b"), str(result)
    finally:
        api.close()


@pytest.mark.parametrize("verb", [["run"], ["check"], ["plan"], ["status"], ["report", "last", "--html", "page.html"]], ids=lambda verb: verb[0])
def test_nothing_is_written_but_what_was_asked_for_and_that_is_its_owner_s(runner, tmp_path, verb):
    """With a umask that takes nothing away."""
    runner.succeed()
    folder = tmp_path / "own"
    folder.mkdir()
    inside = f'cd "{folder}" && umask 0 && exec "$@"'
    result = runner.run(*verb, env={"TMPDIR": folder, "HOME": folder}, prefix=["/bin/sh", "-c", inside, "sh"])
    assert result.code == OK, str(result)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == ({"page.html": 0o600} if verb[0] == "report" else {})


def test_a_run_at_work_holds_no_file_open_to_write_but_what_it_was_given(pagehaul_for, db):
    """The API does not answer until the test has looked."""
    looked, asked = threading.Event(), threading.Event()
    with one_row() as api:
        answer = api.answer
        api.answer = lambda push: (asked.set(), looked.wait(20), answer(push))[2]
        running = reading(pagehaul_for(None, db), api).start()
        try:
            assert asked.wait(20)
            held = {}
            for entry in pathlib.Path(f"/proc/{running.pid}/fd").iterdir():
                info = pathlib.Path(f"/proc/{running.pid}/fdinfo/{entry.name}").read_text()
                writes = int(info.split("flags:")[1].split()[0], 8) & os.O_ACCMODE != os.O_RDONLY
                if writes and os.readlink(entry).startswith("/"):
                    held[entry.name] = os.readlink(entry)
            assert set(held) == {"0", "1", "2"} and held["0"] == "/dev/null", held
        finally:
            looked.set()
        assert_ended(running.result(), db, stored=1)
