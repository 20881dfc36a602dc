"""How metrics reach a Pushgateway: by POST over our own transport, whatever stands in front of it, and without telling a secret."""

import base64
import contextlib
import json

import pytest

from harness.certificates import Authority
from harness.pushgateway import Pushgateway
from harness.recorder import Recorder


def pushing_to(pagehaul, url, **more):
    return pagehaul.configure(telemetry={"pushgateway": {"url": url, "interval": "1s", **more}})


@pytest.fixture
def recording():
    """A function: recording(answer) starts a gateway of our own."""
    with contextlib.ExitStack() as open_servers:
        yield lambda *answer: open_servers.enter_context(contextlib.closing(Recorder(*answer)))


def test_every_push_is_a_post_to_the_group_of_the_pipeline(pagehaul, recording):
    gateway = recording()
    pushing_to(pagehaul, gateway.url).succeed()
    assert len(gateway.pushes) >= 2
    for push in gateway.pushes:
        assert (push.method, push.path) == ("POST", "/metrics/job/pagehaul/pipeline/creative_report")
        assert push.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_every_name_that_a_pipeline_may_have_is_a_group_as_it_stands(pagehaul, pushgateway):
    """A `/`, which needs another form of the path, is refused: config_errors/value_pipeline_slash.yaml."""
    name = "Report_2.creative-" + "x" * 45
    pushing_to(pagehaul, pushgateway.url).configure({"pipeline": name}).succeed()
    (group,) = pushgateway.groups()
    assert group["labels"] == {"job": "pagehaul", "pipeline": name}


def test_pipelines_of_one_name_do_not_share_a_group_where_they_say_where_they_run(pagehaul, pushgateway):
    labels = {"cluster": "eu-1", "namespace": "reports", "cronjob": "reports-nightly"}
    pushing_to(pagehaul, pushgateway.url).configure(telemetry={"labels": {"namespace": "other"}}).succeed()
    pushing_to(pagehaul, pushgateway.url).configure(telemetry={"labels": labels}).succeed()
    ours = {"job": "pagehaul", "pipeline": "creative_report"}
    assert {frozenset(group["labels"].items()) for group in pushgateway.groups()} == {
        frozenset(labels.items()) for labels in ({**ours, "namespace": "other"}, {**ours, "namespace": "reports", "cluster": "eu-1"})}
    assert [dict(labels)["cronjob"] for labels in pushgateway.metric("pagehaul_info")] == ["reports-nightly"]


def test_a_ledger_that_cannot_be_upgraded_is_told_of_as_a_run_would_be(pagehaul, pushgateway, db, tmp_path):
    pushing_to(pagehaul, pushgateway.url).succeed()
    success = pushgateway.value("pagehaul_last_success_timestamp_seconds")
    message = tmp_path / "termination"
    message.touch()
    away = {"PAGEHAUL_TERMINATION_LOG": str(message), "DATABASE_URL": db.dsn_through("127.0.0.1", 1)}
    assert pagehaul.configure(run={"patience": "0s"}).run("migrate", env=away).code == 69
    told = json.loads(message.read_text())
    assert (told["verdict"], told["exit_code"], told["pipeline"]) == ("failed", 69, "creative_report")
    assert pushgateway.value("pagehaul_last_run_exit_code") == 69 and pushgateway.value("pagehaul_last_run_success") == 0
    assert pushgateway.value("pagehaul_last_success_timestamp_seconds") == success


def test_a_gateway_below_a_path_is_found_there(pagehaul, tmp_path):
    gateway = Pushgateway(tmp_path, prefix="/push/gateway")
    try:
        pushing_to(pagehaul, gateway.url + "/")
        assert "ok    pushgateway" in pagehaul.succeed("check").stdout
        pagehaul.succeed()
        assert gateway.value("pagehaul_last_run_success") == 1
    finally:
        gateway.close()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("trusted"), "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


def test_a_gateway_that_speaks_tls_is_pushed_to_when_its_authority_is_trusted(pagehaul, pushgateway, front, trusted):
    pagehaul.env["SSL_CERT_FILE"] = trusted.ca
    secure = front(pushgateway.url, tls=trusted.server())
    pushing_to(pagehaul, secure.url).succeed()
    assert secure.forwarded >= 2 and pushgateway.value("pagehaul_last_run_success") == 1


@pytest.mark.security
@pytest.mark.parametrize("whose", ["stranger's", "another host's"])
def test_a_gateway_that_cannot_show_who_it_is_gets_nothing_and_fails_no_run(pagehaul, pushgateway, front, trusted, stranger, whose):
    pagehaul.env["SSL_CERT_FILE"] = trusted.ca
    secure = front(pushgateway.url, tls=stranger.server() if whose == "stranger's" else trusted.server("elsewhere.test"))
    result = pushing_to(pagehaul, secure.url, auth={"type": "bearer", "token": "push-canary"}).succeed()
    (line,) = [line for line in result.log if line["msg"] == "metrics could not be pushed"]
    assert "certificate" in line["error"]
    assert secure.forwarded == secure.refused == 0 and pushgateway.groups() == []


SECRET = "push-canary secret"
IN_CLEAR = base64.b64encode(f"pusher:{SECRET}".encode()).decode()


@pytest.mark.security
@pytest.mark.parametrize("auth", [{"type": "basic", "username": "pusher", "password": "${PUSH_SECRET}"},
                                  {"type": "bearer", "token": "${PUSH_SECRET}"}], ids=["basic", "bearer"])
def test_a_gateway_that_repeats_our_credential_makes_nobody_tell_it(pagehaul, recording, tmp_path, auth):
    gateway = recording(lambda push: (400, f"bad request with {push.headers['Authorization']}"))
    message = tmp_path / "termination-log"
    message.touch()
    pagehaul.env.update(PUSH_SECRET=SECRET, PAGEHAUL_TERMINATION_LOG=message)
    result = pushing_to(pagehaul, gateway.url, auth=auth).configure(telemetry={"log": {"level": "debug"}}).succeed()
    (line,) = [line for line in result.log if line["msg"] == "metrics could not be pushed"]
    assert "400: bad request with" in line["error"]
    for text in (str(result), message.read_text()):
        assert SECRET not in text and IN_CLEAR not in text


def test_a_gateway_that_is_back_hears_how_often_it_was_away(pagehaul, recording, api):
    gateway = recording(lambda push: (503, "") if len(gateway.pushes) <= 2 else (200, ""))
    api.set(hold_after=4)
    running = pushing_to(pagehaul, gateway.url).start()
    running.wait_for(lambda: len(gateway.pushes) >= 3, what="pushes a third time")
    api.set(hold=False, hold_after=0)
    result = running.result()
    assert result.code == 0, str(result)
    assert "\npagehaul_push_failures 0\n" in gateway.pushes[0].body
    assert "\npagehaul_push_failures 2\n" in gateway.pushes[-1].body
    told = [line["msg"] for line in result.log if "metrics" in line["msg"]]
    assert told == ["metrics could not be pushed", "metrics are pushed again"]


def test_the_verdict_is_told_before_a_stalled_gateway_is_given_up(pagehaul, recording, tmp_path):
    """The termination message stands while the last push goes on."""
    message = tmp_path / "termination-log"
    message.touch()
    seen = []
    gateway = recording(lambda push: (seen.append(message.read_text()), (200, ""))[1])
    pushing_to(pagehaul, gateway.url).succeed(env={"PAGEHAUL_TERMINATION_LOG": message})
    assert seen[0] == "" and '"exit_code":0' in seen[-1]
