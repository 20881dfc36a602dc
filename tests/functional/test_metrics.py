"""Metrics at a real Pushgateway; and that no gateway, however broken, changes a run or holds it up."""

import base64
import time

import pytest

from harness.bad_gateways import absent, answering_400, stalled
from harness.pagehaul import CREDENTIAL, DATA, OK
from harness.waiting import eventually


@pytest.fixture
def pushing(pagehaul, pushgateway):
    return pagehaul.configure(telemetry={"pushgateway": {"url": pushgateway.url, "interval": "1s"}})


def by(metrics, label):
    """{value of that label: value} of one metric."""
    return {dict(labels)[label]: value for labels, value in metrics.items()}


def test_a_good_run_pushes_its_verdict_counts_and_times(pushing, pushgateway, api):
    api.set(faults=["503"], fault_pages=[2, 3])
    before = time.time()
    pushing.succeed()
    (group,) = pushgateway.groups()
    assert group["labels"] == {"job": "pagehaul", "pipeline": "creative_report"}
    value = pushgateway.value
    assert (value("pagehaul_last_run_success"), value("pagehaul_last_run_exit_code")) == (1, OK)
    assert before <= value("pagehaul_last_success_timestamp_seconds") <= time.time()
    assert value("pagehaul_last_run_timestamp_seconds") == value("pagehaul_last_success_timestamp_seconds")
    assert 0 < value("pagehaul_last_run_duration_seconds") < 60
    assert by(pushgateway.metric("pagehaul_rows"), "result") == {
        "fetched": 1000, "stored": 1000, "quarantined": 0, "duplicate": 0}
    assert by(pushgateway.metric("pagehaul_pages"), "result") == {"planned": 10, "stored": 10, "failed": 0}
    # 10 pages, 2 that failed at first, and the two requests of the proof: page 1 again, page 11.
    assert by(pushgateway.metric("pagehaul_requests"), "code") == {"200": 12, "503": 2}
    assert value("pagehaul_retries") == 2
    assert value("pagehaul_completeness_ratio") == 1
    assert value("pagehaul_request_duration_seconds") == 14
    assert by(pushgateway.metric("pagehaul_workers"), "kind").keys() == {"fetch", "write"}
    assert "version" in dict(next(iter(pushgateway.metric("pagehaul_build_info"))))


def test_a_failed_run_says_so_and_leaves_the_last_success_alone(pushing, pushgateway, api):
    pushing.succeed()
    success = pushgateway.value("pagehaul_last_success_timestamp_seconds")
    api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    assert pushing.run().code == DATA
    assert pushgateway.value("pagehaul_last_success_timestamp_seconds") == success
    assert pushgateway.value("pagehaul_last_run_timestamp_seconds") > success
    assert (pushgateway.value("pagehaul_last_run_success"), pushgateway.value("pagehaul_last_run_exit_code")) == (0, DATA)
    assert by(pushgateway.metric("pagehaul_pages"), "result") == {"planned": 10, "stored": 9, "failed": 1}


def test_a_first_run_that_fails_claims_no_success(pushing, pushgateway):
    pushing.run(env={"ACCESS_TOKEN": "not-the-token"})
    assert pushgateway.value("pagehaul_last_run_exit_code") == 77
    assert pushgateway.metric("pagehaul_last_success_timestamp_seconds") == {}


def test_metrics_are_pushed_at_the_interval_while_the_run_goes_on(pushing, pushgateway, api):
    api.set(hold_after=4)
    running = pushing.start()
    eventually(lambda: by(pushgateway.metric("pagehaul_rows"), "result").get("stored") == 400, 10, "the figures of 4 pages")
    assert running.running and pushgateway.value("pagehaul_requests_in_flight") > 0
    assert pushgateway.metric("pagehaul_last_run_success") == {}
    api.set(hold=False, hold_after=0)
    assert running.wait() == OK
    assert by(pushgateway.metric("pagehaul_rows"), "result")["stored"] == 1000


def test_two_pipelines_have_a_group_each(pushing, pushgateway):
    pushing.succeed()
    pushing.succeed("run", "--set", "pipeline=other")
    assert {group["labels"]["pipeline"] for group in pushgateway.groups()} == {"creative_report", "other"}


PUSH_PASSWORD = "push-canary secret"
IN_CLEAR = base64.b64encode(f"pusher:{PUSH_PASSWORD}".encode()).decode()
WAYS = {
    "basic": ({"type": "basic", "username": "pusher", "password": "${PUSH_SECRET}"}, "Basic " + IN_CLEAR),
    "bearer": ({"type": "bearer", "token": "${PUSH_SECRET}"}, "Bearer " + PUSH_PASSWORD),
}


@pytest.mark.security
@pytest.mark.parametrize("way", WAYS)
def test_a_gateway_that_asks_for_a_credential_gets_it_and_nobody_else_does(pagehaul, pushgateway, front, way):
    auth, expected = WAYS[way]
    guarded = front(pushgateway.url, authorization=expected)
    pagehaul.configure(telemetry={"pushgateway": {"url": guarded.url, "auth": auth}, "log": {"level": "debug"}})
    pagehaul.env["PUSH_SECRET"] = PUSH_PASSWORD
    outputs = [str(pagehaul.succeed("check")), str(pagehaul.succeed())]
    assert pushgateway.value("pagehaul_last_run_success") == 1
    assert guarded.refused == 0
    assert not [text for text in outputs if PUSH_PASSWORD in text or IN_CLEAR in text]


def test_a_wrong_password_of_the_gateway_is_told_and_fails_no_run(pagehaul, pushgateway, front):
    auth, expected = WAYS["basic"]
    guarded = front(pushgateway.url, authorization=expected)
    pagehaul.configure(telemetry={"pushgateway": {"url": guarded.url, "auth": auth}})
    pagehaul.env["PUSH_SECRET"] = "push-canary wrong"
    result = pagehaul.succeed()
    (line,) = [line for line in result.log if line["msg"] == "metrics could not be pushed"]
    assert "telemetry.pushgateway.auth" in line["error"] and "401" in line["error"]
    checked = pagehaul.run("check")
    assert checked.code == CREDENTIAL and "FAIL  pushgateway" in checked.stdout and "telemetry.pushgateway.auth" in checked.stdout
    assert guarded.forwarded == 0 and "push-canary" not in str(result) + str(checked)


@pytest.mark.parametrize("gateway", [absent, stalled, answering_400])
@pytest.mark.parametrize("code", [OK, DATA])
def test_a_broken_gateway_costs_3_s_at_most_and_never_the_verdict(pagehaul, api, db, gateway, code):
    if code == DATA:
        api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    with gateway() as url:
        pagehaul.configure(telemetry={"pushgateway": {"url": url}})
        result = pagehaul.run()
        ended = time.time()
    assert result.code == code and result.stdout == "", str(result)
    (line,) = [line for line in result.log if line["msg"] == "metrics could not be pushed"]
    assert line["level"] == "warn" and "telemetry.pushgateway.url" in line["error"]
    # The verdict is in the ledger before the last push; half a second more for a loaded machine.
    settled = db.scalar("SELECT extract(epoch FROM max(stopped_at)) FROM pagehaul.worker")
    assert ended - float(settled) <= 3.5
