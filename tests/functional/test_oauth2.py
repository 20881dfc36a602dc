"""Tokens of a token server: got before the first page, renewed before they end, told in words where they are refused."""

import pytest

from harness.http import get_json
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, CREDENTIAL, OK, SIGTERM_EXIT, UNAVAILABLE
from harness.waiting import eventually

SECRET = "client-hunter2"
SIZE = 10


@pytest.fixture
def api(mock_api):
    return mock_api(rows=40 * SIZE, auth="granted", token="", refresh_token="refresh-hunter2-0", oauth_user="me:pass-hunter2")


def asked(api):
    return get_json(api.url + "/__tokens")


@pytest.fixture
def pulled(pagehaul, api):
    """configure(auth={…}): a pipeline whose tokens come from the mock API's token server."""
    def configure(token_url=None, **auth):
        pagehaul.env["CLIENT_SECRET"] = SECRET
        pagehaul.configure(source={"auth": None, "pagination": {"size": SIZE}, "limits": {"concurrency": 4}})
        return pagehaul.configure(source={"auth": {
            "type": "oauth2", "grant": "client_credentials", "token_url": token_url or api.url + "/oauth/token",
            "client_id": "client", "client_secret": "${CLIENT_SECRET}", **auth}})
    return configure


def printed_nothing_secret(result):
    assert "hunter2" not in result.stdout + result.stderr, str(result)


def test_a_token_is_got_once_and_shown_with_each_page(pulled, api, db):
    result = pulled().succeed()
    assert_table_equals_oracle(db, api)
    assert asked(api) == [{"grant": "client_credentials", "status": 200, "error": "", "client_in": "basic",
                           "parameters": ["grant_type"]}]
    assert all(entry["auth_ok"] for entry in api.log())
    printed_nothing_secret(result)


@pytest.mark.parametrize("auth, client_in, parameters", [
    ({"client_in": "body", "scope": "read"}, "body", ["client_id", "client_secret", "grant_type", "scope"]),
    ({"client_in": "body", "body": "json", "parameters": {"audience": "https://api"}}, "body",
     ["audience", "client_id", "client_secret", "grant_type"]),
    ({"grant": "password", "username": "me", "password": "pass-hunter2"}, "basic", ["grant_type", "password", "username"]),
    ({"grant": "refresh_token", "refresh_token": "refresh-hunter2-0"}, "basic", ["grant_type", "refresh_token"]),
], ids=["body", "json", "password", "refresh_token"])
def test_each_grant_is_asked_as_the_config_says(pulled, api, db, auth, client_in, parameters):
    pulled(**auth).succeed()
    assert_table_equals_oracle(db, api)
    (request,) = asked(api)
    assert (request["client_in"], request["parameters"]) == (client_in, parameters)


@pytest.mark.parametrize("send", [{"header": "Access-Token"}, {"query": "Access-Token"}])
def test_the_token_is_sent_where_the_api_wants_it(pulled, api, db, send):
    pulled(send=send).succeed()
    assert_table_equals_oracle(db, api)


def test_a_token_is_renewed_before_it_ends(pulled, api, db):
    api.set(token_lifetime="2s", latency="250ms")
    pulled().succeed()
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) >= 2
    assert all(entry["auth_ok"] for entry in api.log()), "no page was asked for with a token that had ended"


def test_a_token_that_is_revoked_is_renewed_once(pulled, api, db):
    api.set(hold_after=8)
    running = pulled().start()
    api.wait(held=1)
    api.set(revoke=True, hold=False)
    result = running.result()
    assert result.code == OK, str(result)
    assert_table_equals_oracle(db, api)
    assert len(asked(api)) == 2


def test_an_api_that_takes_no_token_is_77_after_one_renewal(pulled, api):
    api.set(auth="header", token="another")
    result = pulled().run()
    assert result.code == CREDENTIAL, str(result)
    assert len(asked(api)) == 2


@pytest.mark.parametrize("auth, told", [
    ({"client_id": "nobody"}, "invalid_client, it does not know this client"),
    ({"grant": "password", "username": "me", "password": "wrong-hunter2"}, "invalid_grant, what was shown for a token is wrong"),
])
def test_what_the_token_server_refuses_is_77_in_words(pulled, api, auth, told):
    result = pulled(**auth).run()
    assert result.code == CREDENTIAL, str(result)
    assert "source.auth: the token server refuses: " + told in result.stderr
    assert len(asked(api)) == 1, "it is not asked over and over"
    assert api.log() == []
    printed_nothing_secret(result)


def test_a_token_server_that_is_down_is_waited_for(pulled, api, db):
    api.set(token_status=503)
    running = pulled().start()
    eventually(lambda: len(asked(api)) >= 3, 20, "it is asked again")
    api.set(token_status=0)
    result = running.result()
    assert result.code == OK, str(result)
    assert_table_equals_oracle(db, api)


def test_a_token_server_that_stays_down_is_69(pulled, api):
    api.set(token_status=503)
    result = pulled().configure(run={"patience": "1s"}).run()
    assert result.code == UNAVAILABLE, str(result)
    assert "source.auth.token_url: the token server answers with status 503" in result.stderr


def test_a_token_url_that_leads_nowhere_is_78(pulled, api):
    result = pulled(token_url=api.url + "/oauth/tokens").run()
    assert result.code == CONFIG, str(result)
    assert "source.auth.token_url: there is no token server: status 404" in result.stderr


def test_a_stop_does_not_wait_for_the_token_server(pulled, api):
    api.set(token_latency="60s")
    running = pulled().configure(run={"drain": "0s"}).start()
    eventually(lambda: len(asked(api)) == 1, 20, "it is being asked")
    running.terminate()
    assert running.result(20).code == SIGTERM_EXIT


def test_check_asks_for_a_token_too(pulled, api, db):
    result = pulled().run("check")
    assert result.code == OK, str(result)
    assert len(asked(api)) == 1
    printed_nothing_secret(result)
