"""deploy/logs.md is true: lines of real runs have the documented fields, of the documented types, and no others."""

import pathlib
import re

import pytest

from harness.collector import Collector
from harness.pagehaul import CREDENTIAL, DATA, OK, UNAVAILABLE
from harness.pipeline import sliced
from harness.process import free_port

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "deploy" / "logs.md").read_text(encoding="utf-8")
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
CONTEXT = {"ts", "level", "msg", "pipeline"}
DEBUG = {"telemetry": {"log": {"level": "debug"}}}


def rows(section):
    """The cells of a section's table."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    table = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


FIELDS = {name.strip("`"): TYPES[kind] for name, kind, _, _ in rows("Fields")}
MESSAGES = {message: (levels.split(", "), [f for f in fields.split(", ") if f]) for message, levels, fields in rows("Messages")}


def faults_of(line):
    """What of this line is not as documented."""
    found = []
    for name, value in line.items():
        expected = FIELDS.get(name)
        if expected is None:
            found.append(f"{name} is not documented")
        elif not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            found.append(f"{name} is {value!r}")
    found += [f"{name} is missing" for name in CONTEXT - line.keys()]
    own = line.keys() - CONTEXT - {"run", "trace_id"}
    if line["msg"] not in MESSAGES:
        if own or line["level"] != "warn":
            found.append(f"this message is not documented, nor a warning without fields: {own}")
        return found
    levels, fields = MESSAGES[line["msg"]]
    if line["level"] not in levels:
        found.append(f"level {line['level']}")
    allowed, needed = {f.strip("[]") for f in fields}, {f for f in fields if not f.startswith("[")}
    return found + [f"{name} does not belong here" for name in own - allowed] + [f"{name} is missing" for name in needed - own]


def check(result, *messages):
    """Every line is as documented, and these messages are among them."""
    assert len(result.log) == len(result.stderr.splitlines()), result.stderr
    wrong = {line["msg"]: faults for line in result.log if (faults := faults_of(line))}
    assert not wrong
    assert set(messages) <= {line["msg"] for line in result.log}
    begun = [number for number, line in enumerate(result.log) if "run" in line]
    assert begun == list(range(begun[0], len(result.log))) if begun else True, "once known, the run is in every line"
    return result


def test_the_tables_agree_with_each_other():
    used = {name.strip("[]") for _, fields in MESSAGES.values() for name in fields}
    assert used | CONTEXT | {"run", "trace_id"} == FIELDS.keys()


def test_every_message_of_the_program_is_documented():
    """Constant texts only: a warning that the config, the machine or the ledger words itself is not in the table."""
    source = pathlib.Path(__file__).resolve().parents[2] / "src"
    text = "\n".join(file.read_text(encoding="utf-8") for file in source.rglob("*.cpp"))
    constant = r'(?:log::(?:debug|info|warn|error)\(|log::write\(\s*[\w:]+,|log_job\(\s*[\w:]+,|log::Level::\w+,)\s*"([^"]+)"'
    told = set(re.findall(constant, text))
    assert {"start", "summary", "page failed", "progress", "spans were lost"} <= told, "the pattern finds them"
    assert told == MESSAGES.keys()


def test_lines_of_good_runs(pagehaul, api, db):
    pagehaul.configure(DEBUG)
    api.set(faults=["503"], fault_pages=[2], bad_rows=[5])
    check(pagehaul.configure(sliced(advertisers=["1001"]), run={"quarantine_limit": "1%"}).succeed(),
          "start", "ledger migrated", "run started", "page stored", "page failed", "slice proven", "summary")
    db.query("TRUNCATE report.creative; ALTER TABLE report.creative ADD CHECK (creativity_id % 7 <> 3)")
    result = pagehaul.configure(run={"quarantine_limit": "100%"}).run("run", "--fresh")
    assert result.code == OK, str(result)
    check(result, "rows quarantined")


def test_lines_on_a_ledger_that_is_newer_than_the_program(pagehaul, db):
    pagehaul.succeed("migrate")
    db.query("INSERT INTO pagehaul.schema_version (version, serves_from) SELECT 999, max(version) FROM pagehaul.schema_version")
    check(pagehaul.succeed(), "the ledger is newer than this program, and serves it", "summary")


@pytest.mark.parametrize("change, code, message", [
    ({"faults": ["404"], "fault_pages": [4], "fault_forever": True}, DATA, "page refused"),
    ({"faults": ["503"], "fault_pages": [4], "fault_forever": True}, UNAVAILABLE, "page failed, attempts used up"),
    ({"drift": "insert", "drift_after": 3, "drift_forever": True}, DATA, "the API moved while it was read"),
    ({"drift": "insert", "drift_after": 3, "drift_forever": True}, DATA, "slice failed"),
    ({"token": "another"}, CREDENTIAL, "credentials refused"),
])
def test_lines_of_bad_runs(pagehaul, api, change, code, message):
    api.set(**change)
    result = pagehaul.configure(DEBUG).run()
    assert result.code == code, str(result)
    check(result, message, "summary")


def test_lines_of_a_start_that_waits_for_another_run(pagehaul, api):
    api.set(hold=True)
    first = pagehaul.configure(DEBUG, run={"drain": "20s"}).start()
    api.wait(held=1, timeout=60)
    second = pagehaul.start("run", "--if-busy", "wait", env={"PAGEHAUL_GRACE": "15s"})
    second.wait_for_log("waiting for its end", 60)
    api.set(hold=False)
    assert first.result().code == OK
    check(second.result(), "another run is at work, waiting for its end", "the other run is over, going on",
          "a SIGTERM leaves less than run.drain", "run started", "summary")


def test_lines_of_a_stopped_run_with_progress(pagehaul, api):
    api.set(hold_after=4)
    running = pagehaul.configure(DEBUG).start()
    running.wait_for_log('"msg":"progress"', timeout=20)
    running.terminate()
    api.set(hold=False, hold_after=0)
    check(running.result(), "progress", "summary")


def test_lines_about_telemetry_and_a_trace(pagehaul, api):
    nowhere = f"http://127.0.0.1:{free_port()}"
    api.set(faults=["503"], fault_pages=[2])
    pagehaul.configure(DEBUG, telemetry={"pushgateway": {"url": nowhere}, "traces": {"endpoint": nowhere}})
    result = check(pagehaul.succeed(), "metrics could not be pushed", "traces could not be exported", "spans were lost")
    assert len({line["trace_id"] for line in result.log}) == 1
    for line in result.log:
        if "page" in line:
            assert re.fullmatch("[0-9a-f]{16}", line["span_id"])


def test_lines_about_a_database_that_goes_away(pagehaul_for, api, db, proxy):
    api.set(hold_after=4)
    pagehaul = pagehaul_for(api, db).configure(DEBUG)
    pagehaul.env["DATABASE_URL"] = db.dsn_through(proxy.host, proxy.port)
    running = pagehaul.start()
    api.wait(held=1)
    proxy.refuse()
    proxy.cut()
    api.set(hold=False, hold_after=0)
    running.wait_for_log("database unavailable, trying again")
    proxy.refuse(False)
    check(running.result(), "database unavailable, trying again", "summary")
