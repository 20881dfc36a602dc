"""The log: one schema, one line for each failed job, a start and a summary; a bar on a terminal; never a secret."""

import base64
import datetime
import os
import pty
import re
import subprocess
import threading
import urllib.parse

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK, UNAVAILABLE
from harness.pipeline import merge, write
from harness.process import MARK, free_port

DEBUG = {"telemetry": {"log": {"level": "debug"}}}


def named(result, message):
    return [line for line in result.log if line["msg"] == message]


def test_every_line_is_json_with_time_level_message_and_context(pagehaul, api):
    api.set(faults=["500"], fault_pages=[2])
    result = pagehaul.configure(DEBUG).succeed()
    assert len(result.log) == len(result.stderr.splitlines()) > 10, "a line is not JSON"
    for line in result.log:
        assert list(line)[:4] == ["ts", "level", "msg", "pipeline"], line
        assert line["level"] in ("debug", "info", "warn", "error") and line["pipeline"] == "creative_report"
        datetime.datetime.strptime(line["ts"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert len({line["run"] for line in result.log if "run" in line}) == 1
    assert result.stdout == ""


def test_a_run_begins_with_start_and_ends_with_its_summary(pagehaul, db):
    result = pagehaul.succeed()
    start, summary = result.log[0], result.log[-1]
    assert start["msg"] == "start" and start["version"] and start["config"].endswith("pipeline.yaml")
    assert int(start["fetch_workers"]) > 0 and int(start["writers"]) > 0
    assert summary["msg"] == "summary" and summary["level"] == "info"
    expected = {"verdict": "succeeded", "exit_code": OK, "rows": 1000, "stored": 1000, "changed": 1000, "quarantined": 0,
                "duplicates": 0, "pages_done": 10, "pages_open": 0, "pages_failed": 0, "slices_proven": 1}
    assert {key: summary[key] for key in expected} == expected
    assert summary["requests"] >= 11 and summary["duration_ms"] > 0


def test_each_failed_job_is_one_line_with_place_attempt_cause_and_delay(pagehaul, api):
    api.set(faults=["503"], fault_pages=[3, 7], fault_tries=2)
    result = pagehaul.succeed()
    failures = named(result, "page failed")
    assert sorted((line["page"], line["attempt"]) for line in failures) == [(3, 1), (3, 2), (7, 1), (7, 2)]
    for line in failures:
        assert line["level"] == "warn" and line["slice"] == "all" and line["pass"] == 1
        assert "503" in line["cause"] and line["attempts"] == 5 and line["delay_ms"] >= 0 and line["kind"] == "transient"


def test_a_page_that_used_up_its_attempts_is_an_error_line(pagehaul, api):
    api.set(faults=["503"], fault_pages=[3], fault_forever=True)
    result = pagehaul.run()
    assert result.code == UNAVAILABLE
    (line,) = named(result, "page failed, attempts used up")
    assert line["level"] == "error" and (line["page"], line["attempt"]) == (3, 5) and "503" in line["cause"]


def test_the_success_of_a_job_is_told_only_at_debug(pagehaul):
    assert named(pagehaul.succeed(), "page stored") == []
    stored = named(pagehaul.configure(DEBUG).succeed(), "page stored")
    assert sorted(line["page"] for line in stored) == list(range(1, 11))
    assert {line["level"] for line in stored} == {"debug"}


def test_level_error_is_silent_about_a_success(pagehaul):
    assert pagehaul.configure(telemetry={"log": {"level": "error"}}).succeed().stderr == ""


def on_a_terminal(runner, columns=120, while_running=lambda seen: None):
    """(exit code, what the terminal got) of a run whose stderr is a terminal; while_running polls what was seen so far."""
    write(runner.config_path, runner.pipeline)
    master, slave = pty.openpty()
    os.set_inheritable(slave, True)
    subprocess.run(["stty", "cols", str(columns)], stdin=slave, check=True)
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", **runner.env, **dict([MARK.split("=", 1)])}
    process = subprocess.Popen([runner.binary, "run", "-c", runner.config_path], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=slave, env=env)
    os.close(slave)
    seen = bytearray()

    def read():
        try:
            while chunk := os.read(master, 65536):
                seen.extend(chunk)
                while_running(seen.decode(errors="replace"))
        except OSError:  # EIO: the other side is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        code = process.wait(60)
    finally:
        process.kill()
    reader.join(10)
    os.close(master)
    return code, seen.decode(errors="replace")


def test_a_terminal_gets_text_and_a_progress_bar(pagehaul, api):
    """The API holds page 4 and what follows until the bar has shown how far the run is."""
    api.set(hold_after=4, faults=["503"], fault_pages=[1])

    def release(seen):
        if re.search(r"\[#+\.+\].* pages", seen):
            api.set(hold=False, hold_after=0)

    pagehaul.configure(telemetry={"log": {"format": None}})
    code, seen = on_a_terminal(pagehaul, while_running=release)
    assert code == OK, seen
    assert re.search(r"\d\d:\d\d:\d\d\.\d{3} warn  page failed .*page=1", seen), seen
    bar = re.search(r"pulling  \[#+\.+\]  \d+%  (\d+)/10 pages.*in flight  1 retries", seen)
    assert bar, seen
    assert '{"ts"' not in seen and "summary" in seen
    assert not re.search(r"\[#+\.*\]", seen.rstrip().splitlines()[-1]), "the bar is left on the last line"


def test_without_a_terminal_a_progress_line_comes_every_10_s(pagehaul, api):
    api.set(hold_after=4)
    running = pagehaul.start()
    running.wait_for_log('"msg":"progress"', timeout=20)
    api.set(hold=False, hold_after=0)
    result = running.result()
    (line,) = named(result, "progress")
    assert (line["phase"], line["pages_done"], line["pages_total"], line["rows"]) == ("pulling", 4, 10, 400)
    assert line["in_flight"] > 0 and line["retries"] == 0
    began = datetime.datetime.fromisoformat(result.log[0]["ts"].rstrip("Z"))
    assert 9.5 < (datetime.datetime.fromisoformat(line["ts"].rstrip("Z")) - began).total_seconds() < 15


TOKEN, DSN_PASSWORD, GATEWAY_PASSWORD = "tok/en+canary?1=", "dsn&p@ss/canary:2", "gw%pass+canary/3"


def forms(secret):
    """What a secret looks like raw, in a URL, in JSON, and in base64."""
    encoded = base64.b64encode(secret.encode()).decode()
    return {secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret, safe="").lower(),
            urllib.parse.quote_plus(secret), secret.replace("/", "\\/"), encoded.rstrip("="),
            encoded.rstrip("=").replace("+", "-").replace("/", "_")}


def dump(db):
    """Every row of every table as text."""
    tables = db.query("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('pagehaul', 'report')")
    return "\n".join(str(row) for (table,) in tables for row in db.query(f"SELECT t::text FROM {table} t"))


@pytest.mark.security
@pytest.mark.parametrize("kind", ["header", "basic", "query"])
def test_a_secret_appears_nowhere(pagehaul_for, mock_api, db, role, postgres, pushgateway, kind):
    """At debug level, in good and bad runs, of every verb: stdout, stderr, ledger, quarantine, metrics, termination message."""
    user = "api-user"
    api = mock_api(auth=kind, token=f"{user}:{TOKEN}" if kind == "basic" else TOKEN, bad_rows=[5], faults=["500", "badjson"],
                   fault_pages=[2, 3])
    auth = {"header": {"type": "header", "name": "Access-Token", "value": "${ACCESS_TOKEN}"},
            "basic": {"type": "basic", "username": user, "password": "${ACCESS_TOKEN}"},
            "query": {"type": "query", "name": "Access-Token", "value": "${ACCESS_TOKEN}"}}[kind]
    quoted = urllib.parse.quote(DSN_PASSWORD, safe="")
    db.query(f"ALTER ROLE {role} PASSWORD %s", DSN_PASSWORD)
    db.query(f"GRANT CREATE ON DATABASE {db.name} TO {role}")
    message = db.cluster.directory / f"termination-{db.name}"
    message.touch()
    runner = pagehaul_for(api, db).configure(DEBUG, source={"auth": None}).configure(
        source={"auth": auth}, run={"quarantine_limit": 1, "patience": "1s"},
        telemetry={"pushgateway": {"url": pushgateway.url}})
    runner.env.update(ACCESS_TOKEN=TOKEN, GATEWAY_PASSWORD=urllib.parse.quote(GATEWAY_PASSWORD, safe=""),
                      DATABASE_URL=db.dsn_through(postgres.host, postgres.port, user=role, password=quoted),
                      PAGEHAUL_TERMINATION_LOG=str(message))
    results = [runner.run(verb) for verb in ("check", "plan", "run", "status", "retry")]
    assert results[2].code == OK, str(results[2])
    assert_table_equals_oracle(db, api)
    texts = [dump(db), message.read_text(), str(pushgateway.groups())]

    nowhere = f"http://127.0.0.1:{free_port()}"
    wrong_dsn = runner.env["DATABASE_URL"].replace(f":{postgres.port}/", f":{free_port()}/")
    for change, env in [
            ({"source": {"base_url": nowhere}}, {}),
            ({}, {"DATABASE_URL": wrong_dsn}),
            ({}, {"DATABASE_URL": wrong_dsn.replace("postgresql", "nonsense")}),
            ({"telemetry": {"pushgateway": {"url": nowhere.replace("://", "://pusher:${GATEWAY_PASSWORD}@")}}}, {}),
            ({"telemetry": {"pushgateway": {"url": "pusher:${GATEWAY_PASSWORD}@"}}}, {}),
            ({"telemetry": {"pushgateway": {"url": nowhere}}}, {}),
            ({"run": {"drain": "${ACCESS_TOKEN}"}}, {}),
            ({"sink": {"table": "${ACCESS_TOKEN}"}}, {})]:
        results.append(runner.run("run", "--fresh", config=merge(runner.pipeline, change), env=env))
        texts.append(message.read_text())
    api.set(token="another" if kind != "basic" else f"{user}:another")
    results.append(runner.run("run", "--fresh"))
    texts += [dump(db), *(result.stdout + result.stderr for result in results)]
    for secret in (TOKEN, DSN_PASSWORD, GATEWAY_PASSWORD):
        for form in forms(secret):
            for text in texts:
                assert form not in text, text[max(0, text.index(form) - 300):text.index(form) + 100]
    for pair in (f"{user}:{TOKEN}", f"pusher:{GATEWAY_PASSWORD}"):
        assert not any(base64.b64encode(pair.encode()).decode().rstrip("=") in text for text in texts)
