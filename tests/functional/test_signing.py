"""`source.signing`: requests that an API believes, and that it refuses by another secret. The mock knows ark's rule and AWS's by itself."""

import base64
import hashlib
import hmac
import json
import re

import pytest

from harness.ending import assert_ended
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CREDENTIAL, OK

SECRET = "sign-hunter2"

ARK = {"type": "steps", "steps": [
    {"step": "timestamp"},
    {"step": "send", "body": "timestamp"},
    {"step": "parameters", "name": "method", "from": ["body"], "only": ["method"], "pair": "{{ value }}"},
    {"step": "parameters", "name": "known", "from": ["body"], "only": ["appId", "timestamp", "version"]},
    {"step": "text", "text": "{{ method }}?{{ known }}${SIGN_SECRET}"},
    {"step": "digest", "algorithm": "md5"},
    {"step": "encode", "as": "hex"},
    {"step": "send", "body": "sign"}]}
ARK_BODY = {"appId": "app-1", "version": "2.0", "method": "order.getOrderList"}

AWS = {"type": "aws_sigv4", "region": "eu-central-1", "service": "execute-api", "access_key_id": "AKID", "secret_access_key": "${SIGN_SECRET}"}

KINDS = {"ark": {"signing": ARK, "request": {"body": ARK_BODY}}, "aws": {"signing": AWS}}


@pytest.fixture(params=KINDS)
def signed(request, mock_api, pagehaul_for, db):
    """(api, runner) of one that wants signatures."""
    api = mock_api(rows=950, sign=request.param, sign_secret=SECRET)
    runner = pagehaul_for(api, db)
    runner.env["SIGN_SECRET"] = SECRET
    return api, runner.configure(source=KINDS[request.param])


def test_each_page_and_each_try_is_signed(signed, db):
    api, runner = signed
    api.set(fault_rate=0.3, faults=["500", "429"], fault_tries=1, retry_after="none")
    result = runner.succeed()
    assert_table_equals_oracle(db, api)
    assert any(entry["status"] in (429, 500) for entry in api.log()), "there were tries"
    assert all(entry["auth_ok"] for entry in api.log())
    assert SECRET not in result.stdout + result.stderr


def test_another_secret_is_refused_with_77(signed):
    api, runner = signed
    result = runner.run(env={"SIGN_SECRET": "other-hunter2"})
    assert result.code == CREDENTIAL, str(result)
    assert {entry["status"] for entry in api.log()} == {401}
    assert "hunter2" not in result.stdout + result.stderr


def test_a_secret_in_a_file_is_read_again_once_it_is_refused(signed, db, tmp_path):
    api, runner = signed
    key = tmp_path / "key"
    key.write_text(SECRET + "\n")
    told = json.dumps(runner.pipeline["source"]["signing"]).replace("${SIGN_SECRET}", "${file:%s}" % key)
    runner.configure(source={"signing": None})
    runner.configure(source={"signing": json.loads(told)})
    api.set(hold_after=3)
    running = runner.start()
    api.wait(held=1)
    key.write_text("newer-hunter2\n")
    api.set(sign_secret="newer-hunter2", hold=False)
    assert running.result().code == OK
    assert_table_equals_oracle(db, api)


def test_check_tells_what_each_step_made_and_hides_secrets(signed):
    _, runner = signed
    result = runner.run("check")
    assert result.code == OK, str(result)
    steps = [line.split("signing", 1)[1].strip() for line in result.stdout.splitlines() if re.match(r"ok +signing", line)]
    assert SECRET not in result.stdout
    if len(steps) == 3:
        assert steps[0].startswith("1 the canonical request: POST") and "AWS4-HMAC-SHA256" in steps[1]
        assert steps[2].startswith("3 sent as the header Authorization: AWS4-HMAC-SHA256 Credential=")
    else:
        seconds = steps[0].removeprefix("1 timestamp: ")
        assert steps[1] == f"2 sent in the body as timestamp: {seconds}"
        assert steps[4] == f"5 text: order.getOrderList?appId=app-1&timestamp={seconds}&version=2.0***"
        digest = hashlib.md5(f"order.getOrderList?appId=app-1&timestamp={seconds}&version=2.0{SECRET}".encode()).hexdigest()
        assert steps[5:] == [f"6 md5: the bytes {digest}", f"7 hex: {digest}", f"8 sent in the body as sign: {digest}"]


NONCED = {"type": "steps", "steps": [
    {"step": "timestamp", "unit": "milliseconds"}, {"step": "send", "query": "t"},
    {"step": "nonce", "of": "uuid"}, {"step": "send", "query": "nonce"},
    {"step": "parameters", "from": ["query"], "pair": "{{ name }}{{ value }}", "separator": ""},
    {"step": "text", "text": "{{ request.method }} {{ request.path }} {{ value }}"},
    {"step": "hmac", "algorithm": "sha256", "key": "${SIGN_SECRET}"}, {"step": "encode", "as": "base64"}, {"step": "send", "query": "sign"}]}


def expected_sign(asked):
    """By Python's own hmac."""
    pairs = "".join(name + value for name, value in sorted(asked.query) if name != "sign")
    return base64.b64encode(hmac.digest(SECRET.encode(), f"GET {asked.path} {pairs}".encode(), "sha256")).decode()


def test_links_and_redirects_are_signed_anew_and_the_ledger_keeps_no_signature(pulling, db):
    records, nonces = [{"id": i} for i in range(30)], set()

    def answer(asked):
        query = dict(asked.query)
        names = [name for name, _ in asked.query]
        if query.get("sign") != expected_sign(asked) or query["nonce"] in nonces or len(names) != len(set(names)):
            return 401, {}, {}
        nonces.add(query["nonce"])
        as_asked = "&".join(f"{name}={value}" for name, value in asked.query if name in ("t", "nonce")) + "&sign=of-before"
        part = int(query.get("part", 1))
        if asked.path == "/rows":
            return 307, {"Location": f"/v2/rows?{as_asked}&part={part}"}, {}
        more = f"/rows?part={part + 1}&{as_asked}" if part < 3 else None
        return {"rows": records[(part - 1) * 10:part * 10], "next": more}

    api, runner = pulling(answer, records="/rows", pagination={"type": "next_link", "link": "/next"}, signing=NONCED,
                          request={"path": "/rows", "redirects": "same_origin"})
    runner.env["SIGN_SECRET"] = SECRET
    assert_ended(runner.run(), db, proof="chain", rows=30)
    assert len(api.asked) == 6
    tokens = [row[0] for row in db.query("SELECT token FROM pagehaul.page WHERE token IS NOT NULL")]
    assert sorted(tokens) == ['"/rows?part=2"', '"/rows?part=3"']


def test_a_token_in_the_query_is_signed_with_the_rest(pulling, db):
    def answer(asked):
        query = dict(asked.query)
        good = query.get("sign") == expected_sign(asked) and query.get("token") == "api-hunter2"
        return [{"id": 1}] if good else (401, {}, {})

    _, runner = pulling(answer, signing=NONCED, auth={"type": "query", "name": "token", "value": "${TOKEN}"})
    runner.env.update(SIGN_SECRET=SECRET, TOKEN="api-hunter2")
    assert_ended(runner.run(), db, rows=1)
