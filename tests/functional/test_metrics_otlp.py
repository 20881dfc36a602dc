"""Metrics by OTLP: the same as the Pushgateway's, beside it or instead of it; and that no receiver, however broken, changes a run or holds it up."""

import contextlib
import json
import re
import time

import pytest

from harness import bad_gateways
from harness.collector import Collector
from harness.pagehaul import CONFIG, CREDENTIAL, DATA, OK, UNAVAILABLE
from harness.pipeline import in_a_stream, sliced
from harness.recorder import Recorder
from harness.waiting import eventually

KEY = "receiver-canary key"


@contextlib.contextmanager
def running(**behaviour):
    with contextlib.closing(Collector(**behaviour)) as server:
        yield server


@pytest.fixture
def receiver():
    with running() as server:
        yield server


@pytest.fixture
def gateway():
    with contextlib.closing(Recorder()) as recorder:
        yield recorder


def configured(pagehaul, url, **more):
    return pagehaul.configure(telemetry={"metrics": {"endpoint": url, "interval": "1s", **more}})


def lines(result, message):
    return [line for line in result.log if line["msg"] == message]


def of_text(text, group):
    """What is pushed to a gateway as Push.series has it; `group`: the labels that the gateway adds."""
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    series = {}
    for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
        own = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        bound = own.pop("le", None)
        family = name if name in kinds else name.rpartition("_")[0]
        key = family, frozenset({**group, **own}.items())
        if kinds[family] != "histogram":
            series[key] = float(value)
            continue
        buckets, total = series.get(key, ({}, 0.0))
        if bound:
            buckets[float(bound)] = int(value)
        series[key] = buckets, float(value) if name.endswith("_sum") else total
    return series


def comparable(series):
    """Without what is measured, or counted, by each push for itself, and to the digits that the text has."""
    def rounded(value):
        return (value[0], rounded(value[1])) if isinstance(value, tuple) else float(f"{value:.12g}")

    own = {"pagehaul_memory_resident_bytes", "pagehaul_push_failures"}
    return {key: None if key[0] in own else rounded(value) for key, value in series.items()}


def test_both_ways_tell_the_same_names_labels_and_values(pagehaul, gateway, receiver):
    """The last pushes, of one moment. harness/collector.py holds each export against OTLP's published messages."""
    labels = {"cluster": "eu-1", "namespace": "reports"}
    configured(pagehaul, receiver.url).configure(
        sliced(), run={"deadline": "10m"},
        telemetry={"expect_every": "1d", "labels": {**labels, "cronjob": "nightly"}, "pushgateway": {"url": gateway.url, "interval": "1s"}})
    pagehaul.pipeline = in_a_stream(pagehaul.pipeline, "creative")
    pagehaul.succeed()
    push = receiver.pushes()[-1]
    pushed = of_text(gateway.pushes[-1].body, {**labels, "pipeline": "creative_report"})
    assert comparable(push.series) == comparable(pushed)
    assert {name for name, kind in push.kinds.items() if kind != "gauge"} == {
        "pagehaul_request_duration_seconds", "pagehaul_commit_duration_seconds"}


def test_an_export_says_who_sends_it_and_names_no_instance(pagehaul, receiver):
    attributes = "service.instance.id=pod-7,k8s.pod.name=pod-7"
    configured(pagehaul, receiver.url).succeed(env={"OTEL_RESOURCE_ATTRIBUTES": attributes})
    assert {path for path, _, _ in receiver.pushed} == {"/v1/metrics"}
    assert {headers["content-type"] for _, headers, _ in receiver.pushed} == {"application/json"}
    for push in receiver.pushes():
        assert push.scope == ("pagehaul", ""), "a version would make each series a new one with each upgrade"
        assert push.resource["service.name"] == "pagehaul" and push.resource["k8s.pod.name"] == "pod-7"
        assert "service.instance.id" not in push.resource
    assert receiver.requests == [], "telemetry.metrics is no endpoint for traces"


def test_it_pushes_at_once_at_the_interval_and_at_the_end(pagehaul, receiver, api):
    api.set(hold_after=4)
    process = configured(pagehaul, receiver.url).start()
    eventually(lambda: len(receiver.pushed) >= 3, 20, "three pushes")
    at_work = receiver.pushes()[-1]
    assert at_work.value("pagehaul_run_in_progress") == 1 and "pagehaul_last_run_success" not in at_work.kinds
    api.set(hold=False, hold_after=0)
    assert process.result().code == OK
    assert receiver.pushes()[-1].value("pagehaul_last_run_success") == 1
    assert receiver.pushes()[-1].value("pagehaul_rows", result="stored") == 1000


@pytest.mark.parametrize("variables, path", [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}"}, "/v1/metrics"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}/api/v1/otlp/"}, "/api/v1/otlp/v1/metrics"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "{}/as-it-is"}, "/as-it-is"),
])
def test_an_endpoint_of_the_environment_is_enough(pagehaul, receiver, variables, path):
    pagehaul.succeed(env={name: value.format(receiver.url) for name, value in variables.items()})
    assert {requested for requested, _, _ in receiver.pushed} == {path}
    assert receiver.pushes()[-1].value("pagehaul_last_run_success") == 1


@pytest.mark.parametrize("variables", [{"OTEL_METRICS_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}])
def test_the_environment_can_switch_it_off(pagehaul, receiver, variables):
    configured(pagehaul, receiver.url).succeed(env=variables)
    assert receiver.pushed == []


@pytest.mark.parametrize("name, value, expected", [
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://user:hunter22@receiver", "user"),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc", "http/json"),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "hunter22", "name=value"),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "10s", "milliseconds"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "0", "milliseconds"),
    ("OTEL_METRICS_EXPORTER", "prometheus", "otlp or none"),
])
def test_a_bad_value_is_named_with_what_was_expected(pagehaul, receiver, api, name, value, expected):
    result = pagehaul.run(env={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_EXPORTER": "none", name: value})
    assert result.code == CONFIG, str(result)
    assert name in result.stderr and expected in result.stderr and "hunter22" not in result.stderr
    assert receiver.pushed == [] and api.log() == []


def test_a_preference_for_deltas_is_told_not_to_be_followed(pagehaul, receiver):
    name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
    result = configured(pagehaul, receiver.url).succeed(env={name: "delta"})
    assert [line for line in result.log if line["level"] == "warn" and line["msg"].startswith(name)]


@pytest.mark.parametrize("broken", [bad_gateways.absent, bad_gateways.stalled, bad_gateways.answering_400, bad_gateways.bomb_without_end])
@pytest.mark.parametrize("code", [OK, DATA])
def test_a_broken_receiver_costs_3_s_at_most_and_never_the_verdict(pagehaul, api, db, broken, code):
    if code == DATA:
        api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    with broken() as url:
        result = configured(pagehaul, url, interval="1m").run()
        ended = time.time()
    assert result.code == code and result.stdout == "", str(result)
    (line,) = lines(result, "metrics could not be pushed")
    assert line["level"] == "warn" and "telemetry.metrics.endpoint" in line["error"]
    settled = db.scalar("SELECT extract(epoch FROM max(stopped_at)) FROM pagehaul.worker")
    # Half a second more for a loaded machine.
    assert ended - float(settled) <= 3.5


def test_a_gateway_and_a_collector_of_both_signals_that_hang_cost_the_same_3_s(pagehaul, db):
    with bad_gateways.stalled() as gateway, running(stall=True) as collector:
        configured(pagehaul, collector.url).configure(
            telemetry={"pushgateway": {"url": gateway}, "traces": {"endpoint": collector.url}})
        result = pagehaul.succeed()
        ended = time.time()
    said = {line["error"].split(":")[0] for line in lines(result, "metrics could not be pushed")}
    assert said == {"telemetry.metrics.endpoint", "telemetry.pushgateway.url"}
    settled = db.scalar("SELECT extract(epoch FROM max(stopped_at)) FROM pagehaul.worker")
    assert ended - float(settled) <= 3.5


def test_each_way_counts_and_tells_its_own_failures(pagehaul, gateway, api):
    api.set(hold_after=4)
    with running(to_pushes=[(503, {}, "later"), (503, {}, "later")]) as receiver:
        configured(pagehaul, receiver.url).configure(telemetry={"pushgateway": {"url": gateway.url, "interval": "1s"}})
        process = pagehaul.start()
        eventually(lambda: len(receiver.pushed) >= 3 and len(gateway.pushes) >= 3, 20, "three pushes each")
        api.set(hold=False, hold_after=0)
        result = process.result()
        assert result.code == OK, str(result)
        assert receiver.pushes()[-1].value("pagehaul_push_failures") == 2
    assert "\npagehaul_push_failures 0\n" in gateway.pushes[-1].body
    (line,) = lines(result, "metrics could not be pushed")
    assert "telemetry.metrics.endpoint: the receiver answered 503: later" in line["error"]
    (again,) = lines(result, "metrics are pushed again")
    assert again["to"] == "telemetry.metrics.endpoint"


def test_points_that_are_rejected_are_told_of(pagehaul):
    answer = json.dumps({"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "too long ago"}})
    with running(to_pushes=[(200, {}, answer)] * 100) as receiver:
        result = configured(pagehaul, receiver.url, interval="1m").succeed()
    (line,) = lines(result, "metrics could not be pushed")
    assert "rejected 7 points: too long ago" in line["error"]


def test_a_pause_that_was_asked_for_is_kept(pagehaul):
    with running(to_pushes=[(429, {"Retry-After": 60}, "")]) as receiver:
        configured(pagehaul, receiver.url).succeed()
        assert len(receiver.pushed) == 1


@pytest.mark.security
def test_a_credential_of_the_receiver_is_sent_and_told_nowhere(pagehaul, receiver):
    pagehaul.env["RECEIVER_KEY"] = KEY
    configured(pagehaul, receiver.url, headers={"x-key": "${RECEIVER_KEY}"}).configure(telemetry={"log": {"level": "debug"}})
    outputs = [str(pagehaul.succeed("check")), str(pagehaul.succeed())]
    assert "ok    metrics" in outputs[0] and len(receiver.pushed) > 1
    assert {headers["x-key"] for _, headers, _ in receiver.pushed} == {KEY}
    assert not [text for text in outputs if KEY in text]


@pytest.mark.security
def test_a_receiver_that_repeats_its_credential_does_not_bring_it_into_the_log(pagehaul):
    pagehaul.env["RECEIVER_KEY"] = KEY
    with running(to_pushes=[(400, {}, f"bad key: {KEY}")] * 100) as receiver:
        result = configured(pagehaul, receiver.url, headers={"x-key": "${RECEIVER_KEY}"}).succeed()
    assert "bad key" in lines(result, "metrics could not be pushed")[0]["error"] and KEY not in str(result)


def test_check_tells_of_a_receiver_that_refuses_or_is_away(pagehaul):
    with running(to_pushes=[(401, {}, "")]) as receiver:
        refused = configured(pagehaul, receiver.url).run("check")
    assert refused.code == CREDENTIAL and "FAIL  metrics" in refused.stdout and "401" in refused.stdout
    with bad_gateways.absent() as url:
        away = configured(pagehaul, url).run("check")
    assert away.code == UNAVAILABLE and "FAIL  metrics" in away.stdout and "telemetry.metrics.endpoint" in away.stdout


def test_what_ends_before_a_run_is_told_by_otlp_too(pagehaul, receiver, db):
    away = {"DATABASE_URL": db.dsn_through("127.0.0.1", 1)}
    assert configured(pagehaul, receiver.url).configure(run={"patience": "0s"}).run("migrate", env=away).code == UNAVAILABLE
    (push,) = receiver.pushes()
    assert (push.value("pagehaul_last_run_exit_code"), push.value("pagehaul_last_run_success")) == (UNAVAILABLE, 0)


def test_a_bad_variable_is_told_by_otlp_too(pagehaul, receiver):
    assert configured(pagehaul, receiver.url).run(env={"PAGEHAUL_GRACE": "soon"}).code == CONFIG
    (push,) = receiver.pushes()
    assert push.value("pagehaul_last_run_exit_code") == CONFIG

