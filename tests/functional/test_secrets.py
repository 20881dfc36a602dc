"""An API that echoes our secret, in every spelling: nothing that comes out holds it, and the data arrives all the same."""

import base64
import contextlib
import json
import os
import pathlib
import stat
import threading
import urllib.parse

import pytest

from harness.fixed_api import FixedApi
from harness.pagehaul import CONFIG, DATA, OK
from harness.recorder import Recorder

pytestmark = pytest.mark.security

TOKEN = 'canary/t=ken+"7'
PROXY_PASSWORD = "canary/proxy=1"


def unicode_escaped(text):
    return "".join(f"\\u{ord(c):04x}" for c in text)


def spellings(secret):
    """As the inside of a JSON string."""
    encoded = base64.b64encode(secret.encode()).decode()
    plain = json.dumps(secret)[1:-1]
    return {
        "plain": plain,
        "slash": plain.replace("/", "\\/"),
        "some escaped": plain.replace("=", "\\u003d").replace("/", "\\u002F"),
        "all escaped": unicode_escaped(secret),
        "JSON in JSON": json.dumps(plain.replace("/", "\\/").replace("=", "\\u003d"))[1:-1],
        "percent": urllib.parse.quote(secret, safe=""),
        "percent, some": plain.replace("=", "%3d"),
        "percent, twice": urllib.parse.quote(urllib.parse.quote(secret, safe="")),
        "base64": encoded,
        "base64 behind a name": base64.b64encode(f"me:{secret}".encode()).decode(),
        "base64 behind two letters": base64.b64encode(f"x:{secret}".encode()).decode(),
        "base64url": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    }


def traces_of(secret):
    """Texts of which none may be anywhere: the spellings, and how they look once the JSON around them is read."""
    inside = spellings(secret).values()
    pieces = {text.rstrip("=") for text in inside} | {json.loads(f'"{text}"').rstrip("=") for text in inside} - {secret}
    for name in ("base64 behind a name", "base64 behind two letters"):
        pieces.add(spellings(secret)[name].rstrip("=")[6:-2])
    return pieces | {secret, secret[:7]}


@pytest.fixture
def echoing():
    api = FixedApi([])
    yield api
    api.close()


@pytest.fixture
def watchers():
    """Where metrics and traces go."""
    with contextlib.closing(Recorder()) as gateway, contextlib.closing(Recorder(lambda push: (200, "{}"))) as collector:
        yield {"metrics": gateway, "traces": collector}


@pytest.fixture
def runner(pagehaul_for, echoing, watchers, db, tmp_path):
    message = tmp_path / "termination"
    message.touch()
    runner = pagehaul_for(None, db)
    runner.env.update(ECHOED=TOKEN, PAGEHAUL_TERMINATION_LOG=str(message))
    runner.pipeline = {
        "pipeline": "echo",
        "source": {**echoing.source(), "auth": {"type": "bearer", "token": "${ECHOED}"},
                   "response": {"success": {"pointer": "/code", "equals": "ok"}, "otherwise": "fail"},
                   "retry": {"attempts": 2, "base": "1ms", "max": "2ms"}},
        "sink": {"dsn": "${DATABASE_URL}", "table": "report.echo", "key": ["id"],
                 "columns": [{"name": "id", "type": "bigint"}, {"name": "n", "type": "integer"}]},
        "run": {"quarantine_limit": "100%", "patience": "1s", "drain": "1s"},
        "telemetry": {"log": {"format": "json", "level": "debug"}, "pushgateway": {"url": watchers["metrics"].url},
                      "traces": {"endpoint": watchers["traces"].url}}}
    runner.message, runner.watchers = message, watchers
    return runner


def ledger(db):
    tables = db.query("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'pagehaul'")
    return "\n".join(row for (table,) in tables for (row,) in db.query(f"SELECT t::text FROM {table} t"))


def everything(runner, db, *results):
    """Whatever can be read of these runs, by its name."""
    told = {"ledger": ledger(db), "termination message": runner.message.read_text()}
    for verb in (["status"], ["status", "--json"], ["check"], ["plan"], ["report", "last", "--html", "-"]):
        result = runner.run(*verb)
        told[" ".join(verb)] = result.stdout + result.stderr
    for number, result in enumerate(results):
        told[f"run {number}"] = result.stdout + result.stderr
    told.update(watched(runner))
    return told


def watched(runner):
    """What gateway and collector were sent: paths, headers and bodies."""
    for name, watcher in runner.watchers.items():
        assert watcher.pushes, f"no {name} came"
    return {name: "\n".join(str(push) for push in watcher.pushes) for name, watcher in runner.watchers.items()}


def assert_nowhere(told, secret):
    # In the ledger's rows as text a backslash and a quote are doubled: so they are looked for in both ways.
    for trace in traces_of(secret):
        for form in {trace, trace.replace("\\", "\\\\"), trace.replace("\\", "\\\\").replace('"', '\\"'), trace.replace('"', '""')}:
            for name, text in told.items():
                assert form not in text, f"{name}: {form!r} in {text[max(0, text.index(form) - 200):text.index(form) + 200]!r}"


def test_an_echo_in_rows_is_nowhere_and_the_rows_arrive(runner, echoing, db):
    rows = [f'{{"id":{i},"n":{i},"echo":"{text}"}}' for i, text in enumerate(spellings(TOKEN).values())]
    # Those that are quarantined: a value of a wrong type, also one that is cut in the middle of the secret.
    for i, text in enumerate(spellings(TOKEN).values(), 100):
        rows.append(f'{{"id":{i},"n":"{text}"}}')
        rows.append(f'{{"id":{i + 100},"n":"{"x" * 55}{text}","echo":"{"y" * 40}{text}"}}')
    echoing.records = rows
    echoing.page = lambda records, number, size: FixedApi.page(records, number, size)[:-1] + ',"code":"ok"}'
    result = runner.run()
    assert result.code == OK, str(result)
    good = len(spellings(TOKEN))
    assert db.query("SELECT count(*), sum(n) FROM report.echo") == [(good, sum(range(good)))]
    assert db.query("SELECT count(*), count(*) FILTER (WHERE payload LIKE '%***%') FROM pagehaul.quarantine") == [(2 * good, 2 * good)]
    assert all(json.loads(payload)["id"] >= 100 for (payload,) in db.query("SELECT payload FROM pagehaul.quarantine"))
    told = everything(runner, db, result)
    assert_nowhere(told, TOKEN)
    assert "***" in told["status"] and "***" in told["check"] and "***" in told["report last --html -"]


@pytest.mark.parametrize("spelling", spellings(TOKEN))
def test_an_echo_in_an_error_across_each_cut_is_nowhere(runner, echoing, db, spelling):
    """What is told of an envelope ends after 200 bytes, the page's payload after 4096: the secret stands across both."""
    text = spellings(TOKEN)[spelling]
    echoing.answer = lambda query: f'{{"code":"{"x" * 195}{text}","why":"{"y" * (4080 - 205 - len(text))}{text}","rows":[]}}'
    result = runner.run()
    assert result.code == DATA, str(result)
    told = everything(runner, db, result)
    assert_nowhere(told, TOKEN)
    assert "***" in result.stderr and "***" in told["status"] and "***" in told["termination message"] and "***" in told["traces"]


def test_a_gateway_and_a_collector_that_echo_the_api_s_secret_and_their_own_make_nobody_tell_it(runner, echoing, watchers, db):
    echoing.page = lambda records, number, size: FixedApi.page(records, number, size)[:-1] + ',"code":"ok"}'
    runner.env.update(PUSH_KEY="canary/push=2", TRACE_KEY="canary/trace=3")
    runner.configure(telemetry={"pushgateway": {"auth": {"type": "basic", "username": "me", "password": "${PUSH_KEY}"}},
                                "traces": {"headers": {"x-key": "${TRACE_KEY}"}}})
    echo = " ".join(text for secret in ("canary/push=2", "canary/trace=3", TOKEN) for text in spellings(secret).values())
    for watcher in watchers.values():
        watcher.answer = lambda push: (400, f"{push.headers.get('Authorization')} {push.headers.get('x-key')} {echo}")
    told = everything(runner, db, runner.succeed())
    heard = {name: told.pop(name) for name in watchers}
    for secret in ("canary/push=2", "canary/trace=3", TOKEN):
        assert_nowhere(told, secret)
    assert "***" in told["run 0"] and "canary" in heard["traces"] and "canary" not in heard["metrics"]


def test_a_rotated_secret_is_known_by_its_new_and_its_old_value(runner, echoing, db, tmp_path):
    """The first answer changes the file and refuses: what is sent next is the new secret, and is echoed like the old one."""
    file = tmp_path / "token"
    file.write_text("canary-old-token\n")
    asked = []

    def answer(query):
        asked.append(query)
        if len(asked) == 1:
            file.write_text("canary-new-token\n")
            return '{"code":"expired canary-old-token"}'
        return '{"code":"canary-old-token canary\\u002dnew-token","rows":[]}'

    echoing.answer = answer
    runner.configure(source={"auth": {"token": f"${{file:{file}}}"},
                             "response": {"rules": [{"when": {"pointer": "/code", "contains": "expired"}, "then": "refresh_credential"}]}})
    result = runner.run()
    assert result.code == DATA and len(asked) > 1, str(result)
    told = {"ledger": ledger(db), "run": result.stdout + result.stderr, "message": runner.message.read_text(), **watched(runner)}
    assert_nowhere(told, "canary-new-token")
    assert_nowhere(told, "canary-old-token")
    assert "*** ***" in told["run"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_s_password_is_a_secret_and_a_malformed_one_is_78(runner, echoing, variable):
    quoted = urllib.parse.quote(PROXY_PASSWORD, safe="")
    echoing.answer = lambda query: json.dumps({"code": f"{PROXY_PASSWORD} {quoted} {base64.b64encode(f'me:{PROXY_PASSWORD}'.encode()).decode()}"})
    result = runner.run("check", env={variable: f"http://me:{quoted}@{echoing.url.removeprefix('http://')}"})
    assert "canary" not in result.stdout and "api" in result.stdout and "***" in result.stdout, str(result)
    for verb in ("check", "plan", "run"):
        result = runner.run(verb, env={variable: "http://me:canary%zz@127.0.0.1:1"})
        assert result.code == CONFIG, str(result)
        assert f"{variable}: expected" in result.stdout + result.stderr and "canary" not in result.stdout + result.stderr


def test_a_secret_in_the_file_is_warned_of_at_start_and_in_check(runner, echoing):
    echoing.page = lambda records, number, size: FixedApi.page(records, number, size)[:-1] + ',"code":"ok"}'
    runner.configure(source={"request": {"query": {"api_key": "canary-literal"}}})
    mended = 'expected api_key: "${API_KEY}" or api_key: "${file:/run/secrets/api_key}"'
    checked = runner.run("check")
    (line,) = [line for line in checked.stdout.splitlines() if line.startswith("warn")]
    assert checked.code == OK and "source.request.query.api_key: " in line and line.endswith(mended)
    result = runner.run()
    (line,) = [line for line in result.log if "a secret is written into the file" in line["msg"]]
    assert result.code == OK and line["level"] == "warn" and line["msg"].endswith(mended)
    assert "canary" not in checked.stdout + result.stderr


def test_what_an_api_says_forges_no_line_and_steers_no_terminal(runner, echoing, db):
    evil = "\x1b]0;owned\x07\nok    database    forged\u202e\u009b2J"
    echoing.answer = lambda query: json.dumps({"code": evil, "rows": []})
    runner.configure(telemetry={"log": {"format": "text"}})
    results = {verb: runner.run(verb) for verb in ("check", "plan", "run", "status")}
    results["status --json"] = runner.run("status", "--json")
    for verb, result in results.items():
        told = result.stdout + result.stderr
        assert "owned" in told, verb
        assert not set(told) & set("\x1b\x07\u202e\x9b"), verb
        assert not any(line.startswith("ok    database    forged") for line in told.splitlines()), verb
    assert "owned\\u0007\\nok    database" in results["check"].stdout
    (kept,) = results["status --json"].json["quarantine"]
    assert evil in kept["reason"], "who reads JSON gets what the API said"


def test_memory_is_not_dumped_and_not_for_others_of_the_same_user(runner, echoing):
    """The API does not answer until the test has looked."""
    looked, asked = threading.Event(), threading.Event()

    def answer(query):
        asked.set()
        looked.wait(20)
        return '{"code":"ok","rows":[],"total":0}'

    echoing.answer = answer
    running = runner.start()
    try:
        assert asked.wait(20)
        limits = pathlib.Path(f"/proc/{running.pid}/limits").read_text()
        assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
        # What is root's now was its user's if the process could be dumped.
        assert os.stat(f"/proc/{running.pid}/environ").st_uid == 0
    finally:
        looked.set()
    assert running.wait() == OK


def test_the_report_is_its_owner_s_alone(runner, echoing, tmp_path):
    echoing.page = lambda records, number, size: FixedApi.page(records, number, size)[:-1] + ',"code":"ok"}'
    runner.succeed()
    page = tmp_path / "page.html"
    page.write_text("<!doctype html>")
    page.chmod(0o644)
    runner.succeed("report", "last", "--html", page)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
