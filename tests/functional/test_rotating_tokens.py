"""Refresh tokens that are good once: shared by processes, stored before they are used, told plainly where they are lost."""

import base64
import signal

import pytest

from harness.http import get_json
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, CREDENTIAL, OK
from harness.pipeline import sliced
from harness.recovery import RESUME
from harness.waiting import eventually

pytestmark = pytest.mark.kill_stop

SECRET = "client-hunter2"
FIRST = "refresh-hunter2-0"
KEY = base64.b64encode(b"k" * 32).decode()
SIZE = 10
KILLED = 128 + signal.SIGKILL


@pytest.fixture
def api(mock_api):
    return mock_api(rows=200 * SIZE, auth="granted", token="", refresh_token=FIRST, rotate=True)


@pytest.fixture
def rotating(pagehaul, api):
    """configure(auth={…}): a pipeline whose refresh token is good once."""
    pagehaul.env.update(CLIENT_SECRET=SECRET, REFRESH_TOKEN=FIRST, PAGEHAUL_CREDENTIAL_KEY=KEY)

    def configure(**auth):
        pagehaul.configure(source={"auth": None, "pagination": {"size": SIZE}, "limits": {"concurrency": 2}}, run={"workers": 2})
        keys = {"type": "oauth2", "grant": "refresh_token", "token_url": api.url + "/oauth/token", "client_id": "client",
                "client_secret": "${CLIENT_SECRET}", "refresh_token": "${REFRESH_TOKEN}", "rotates": True,
                "encrypt_key": "${PAGEHAUL_CREDENTIAL_KEY}", **auth}
        return pagehaul.configure(source={"auth": {name: value for name, value in keys.items() if value is not None}})
    return configure


def asked(api):
    return get_json(api.url + "/__tokens")


def refusals(api):
    return [request for request in asked(api) if request["error"]]


def test_the_next_run_goes_on_with_what_the_last_one_stored(rotating, api, db):
    runner = rotating()
    runner.succeed()
    api.set(revoke=True)
    runner.succeed()
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) == 2 and not refusals(api)


def test_a_token_that_still_holds_is_not_asked_for_again(rotating, api):
    runner = rotating()
    runner.succeed()
    runner.succeed()
    assert runner.run("check").code == OK
    assert len(asked(api)) == 1


def test_what_is_stored_is_encrypted(rotating, api, db):
    rotating().succeed()
    pair, sealed = db.query("SELECT encode(pair, 'escape'), sealed FROM pagehaul.credential")[0]
    assert sealed and "hunter2" not in pair


def test_without_a_key_a_warning_says_that_it_is_not(rotating, api, db):
    result = rotating(encrypt_key=None).succeed()
    assert "source.auth.encrypt_key" in result.stderr and "not encrypted" in result.stderr
    assert "hunter2" not in result.stderr
    assert "refresh-hunter2" in db.scalar("SELECT encode(pair, 'escape') FROM pagehaul.credential")


def test_another_key_is_told_as_that(rotating, api):
    runner = rotating()
    runner.succeed()
    result = runner.run(env={"PAGEHAUL_CREDENTIAL_KEY": base64.b64encode(b"x" * 32).decode()})
    assert result.code == CONFIG, str(result)
    assert "source.auth.encrypt_key: it does not open the tokens in the ledger" in result.stderr


def test_of_many_processes_one_renews_at_a_time(rotating, api, db):
    api.set(token_lifetime="2s", latency="100ms", token_latency="200ms")
    runner = rotating()
    first = runner.start(env=RESUME)
    others = [runner.start_raw("run", "-c", runner.config_path, env=RESUME) for _ in range(2)]
    results = [process.result(120) for process in (first, *others)]
    assert [result.code for result in results] == [OK, OK, OK], "\n".join(map(str, results))
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) >= 2 and not refusals(api), "each refresh token was shown once"
    assert db.scalar("SELECT generation FROM pagehaul.credential") == len(asked(api))


def killed_between_answer_and_commit(runner):
    result = runner.run(env={**RESUME, "PAGEHAUL_FAULT": "after_token_answer"})
    assert result.code == KILLED, str(result)


def test_a_crash_before_the_new_pair_is_stored_is_survived_where_the_api_gives_grace(rotating, api, db):
    api.set(rotate_grace=1)
    runner = rotating()
    killed_between_answer_and_commit(runner)
    result = runner.run(env=RESUME)
    assert result.code == OK, str(result)
    assert_table_equals_oracle(db, api)


def test_and_is_said_plainly_where_it_gives_none(rotating, api, db):
    runner = rotating()
    killed_between_answer_and_commit(runner)
    result = runner.run(env=RESUME)
    assert result.code == CREDENTIAL, str(result)
    assert "invalid_grant" in result.stderr
    assert "authorise anew, and give it the new refresh token" in result.stderr


def test_a_new_token_of_the_config_takes_the_place_of_what_is_stored(rotating, api, db):
    runner = rotating()
    runner.succeed()
    api.set(revoke=True, refresh_token="refresh-hunter2-new")
    result = runner.run(env={"REFRESH_TOKEN": "refresh-hunter2-new"})
    assert result.code == OK, str(result)
    assert_table_equals_oracle(db, api)


def test_who_waits_for_another_one_that_renews_hears_a_stop(rotating, api, db):
    # More first pages than one process takes: the other has one to ask for.
    runner = rotating().configure(sliced(advertisers=range(1001, 1051)))
    api.set(token_latency="60s")
    renewing = runner.start(env=RESUME)
    eventually(lambda: len(asked(api)) == 1, 30, "one renews")
    waiting = runner.start_raw("run", "-c", runner.config_path, env=RESUME)
    eventually(lambda: db.scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%credential%'") == 1,
               30, "the other waits for it")
    waiting.terminate()
    waiting.result(20)
    renewing.kill9()
