"""Several processes of a run, whose secrets are not renewed at the same moment."""

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CREDENTIAL, INCOMPLETE, OK
from harness.recovery import RESUME
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

SIZE = 10
SMALL = {"run": {"workers": 2}, "source": {"pagination": {"size": SIZE}, "limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=400 * SIZE, token="first-token", latency="20ms")


def pods(pagehaul, folders):
    """A process each, that finds its secret in its own working directory, as pods find their own mount under one path."""
    pagehaul.configure(SMALL, source={"auth": {"value": "${file:/proc/self/cwd/token}"}})
    command = ["run", "-c", pagehaul.config_path]
    first = pagehaul.start(env=RESUME, prefix=["env", "-C", folders[0]])
    return [first, *(pagehaul.start_raw(*command, env=RESUME, prefix=["env", "-C", folder]) for folder in folders[1:])]


def refused(db):
    return [pid for (pid,) in db.query("SELECT pid FROM pagehaul.worker WHERE credential_refused AND stopped_at IS NULL")]


def done(db):
    return db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'done'")


def test_a_pod_that_gets_the_new_secret_late_waits_for_it(pagehaul, api, db, tmp_path):
    folders = [tmp_path / "early", tmp_path / "late"]
    for folder in folders:
        folder.mkdir()
        (folder / "token").write_text("first-token\n")
    early, late = pods(pagehaul, folders)
    eventually(lambda: db.relation_exists("pagehaul.worker") and db.scalar("SELECT count(DISTINCT worker) FROM pagehaul.page WHERE state = 'leased'") == 2,
               60, "both are at work")

    (folders[0] / "token").write_text("second-token\n")
    api.set(token="second-token")
    eventually(lambda: refused(db) == [late.pid], 30, "the late one says that it is refused")
    before = done(db)
    eventually(lambda: done(db) >= before + 20, 60, "the early one goes on")
    assert late.running and early.running
    asked = len([entry for entry in api.log() if not entry["auth_ok"]])
    (folders[1] / "token").write_text("second-token\n")

    results = [process.result(120) for process in (early, late)]
    assert [result.code for result in results] == [OK, OK], "\n".join(map(str, results))
    assert len([entry for entry in api.log() if not entry["auth_ok"]]) == asked <= 2 * 2 + 2, "who waits sends nothing"
    assert [line for line in results[1].log if line["msg"] == "credentials refused, waiting for newer ones"]
    assert_table_equals_oracle(db, api)


def test_a_process_with_a_wrong_secret_leaves_the_run_to_those_with_the_right_one(pagehaul, api, db):
    pagehaul.configure(SMALL)
    api.set(latency="60ms")
    right = pagehaul.start(env={**RESUME, "ACCESS_TOKEN": "first-token"})
    wrong = pagehaul.start_raw("run", "-c", pagehaul.config_path, env={**RESUME, "ACCESS_TOKEN": "other-token"})

    result = wrong.result(60)
    assert result.code == INCOMPLETE, str(result)
    assert "while others of the run go on" in result.stderr
    assert right.running
    api.set(latency="0ms")
    assert right.result(60).code == OK
    assert_table_equals_oracle(db, api)


def test_a_secret_that_is_wrong_everywhere_is_77_everywhere(pagehaul, api, db):
    pagehaul.configure(SMALL)
    api.set(hold=True)
    first = pagehaul.start(env={**RESUME, "ACCESS_TOKEN": "first-token"})
    api.wait(held=1, timeout=60)
    second = pagehaul.start_raw("run", "-c", pagehaul.config_path, env={**RESUME, "ACCESS_TOKEN": "first-token"})
    api.set(hold=False)
    eventually(lambda: db.scalar("SELECT count(DISTINCT worker) FROM pagehaul.page WHERE state = 'leased'") == 2, 60, "both are at work")
    api.set(token="nobody-has-it")

    results = [process.result(60) for process in (first, second)]
    assert [result.code for result in results] == [CREDENTIAL, CREDENTIAL], "\n".join(map(str, results))
