"""Tokens of a request of the config's own making."""

import json

import pytest

from harness.http import get_json
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CREDENTIAL, OK

SIZE = 10


@pytest.fixture
def api(mock_api):
    return mock_api(rows=40 * SIZE, auth="granted", token="", oauth_user="me:pass-hunter2")


@pytest.fixture
def logged_in(pagehaul, api):
    def configure(**auth):
        pagehaul.env["PASSWORD"] = "pass-hunter2"
        pagehaul.configure(source={"auth": None, "pagination": {"size": SIZE}})
        return pagehaul.configure(source={"auth": {
            "type": "login", "token": {"pointer": "/access_token"}, "lifetime": "1h",
            "request": {"url": api.url + "/oauth/token",
                        "parameters": {"grant_type": "password", "username": "me", "password": "${PASSWORD}", "client_id": "client",
                                       "client_secret": "client-hunter2"}}, **auth}})
    return configure


def asked(api):
    return get_json(api.url + "/__tokens")


def test_the_token_of_its_answer_is_shown_with_each_page(logged_in, api, db):
    result = logged_in().succeed()
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) == 1
    assert "hunter2" not in result.stdout + result.stderr


def test_it_logs_in_again_once_where_the_token_is_refused(logged_in, api, db):
    api.set(hold_after=8)
    running = logged_in(send={"header": "Access-Token"}).start()
    api.wait(held=1)
    api.set(revoke=True, hold=False)
    assert running.result().code == OK
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) == 2


def test_a_login_that_is_refused_is_77(logged_in, api):
    result = logged_in().run(env={"PASSWORD": "wrong-hunter2"})
    assert result.code == CREDENTIAL, str(result)
    assert "source.auth: the login is refused: status 400" in result.stderr
    assert len(asked(api)) == 1


def test_check_tells_what_is_built_and_hides_secrets(logged_in, api):
    result = logged_in().run("check")
    assert result.code == OK, str(result)
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("ok    auth")]
    assert f"POST {api.url}/oauth/token, " in line and '"password":"***"' in line and "Authorization: Bearer ***" in line
    assert "hunter2" not in result.stdout


def test_its_body_may_be_nested(pulling, db):
    asked_with = []

    def answer(asked):
        if asked.path == "/login":
            asked_with.append(json.loads(asked.body))
            return {"session": {"token": "t0k-hunter2"}}
        return [{"id": 1}] if asked.headers["Authorization"] == "Bearer t0k-hunter2" else (401, {}, {})

    api, runner = pulling(answer)
    runner.env["PASSWORD"] = 'pa"ss-hunter2'
    body = {"auth": {"methods": ["password"], "user": {"name": "me", "password": "${PASSWORD}", "id": 7}}}
    runner.configure(source={"auth": {"type": "login", "token": {"pointer": "/session/token"}, "request": {"url": api.url + "/login", "body": body}}})
    result = runner.succeed()
    assert asked_with == [{"auth": {"methods": ["password"], "user": {"name": "me", "password": 'pa"ss-hunter2', "id": 7}}}]
    (line,) = [line for line in runner.run("check").stdout.splitlines() if line.startswith("ok    auth")]
    assert '"user":{"name":"me","password":"***","id":7}' in line
    assert "hunter2" not in result.stdout + result.stderr + line
