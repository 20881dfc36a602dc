"""Collectors that fail: what is sent again, what is not, what is told; and that none changes a run or holds it up."""

import contextlib
import json
import socket
import time

import pytest

from harness.collector import Collector
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CREDENTIAL, DATA, OK
from harness.process import free_port

KEY = "collector-canary key"


@contextlib.contextmanager
def running(**behaviour):
    server = Collector(**behaviour)
    try:
        yield server
    finally:
        server.close()


def configured(pagehaul, url):
    return pagehaul.configure(telemetry={"traces": {"endpoint": url}})


def lines(result, message):
    return [line for line in result.log if line["msg"] == message]


@contextlib.contextmanager
def absent():
    yield f"http://127.0.0.1:{free_port()}"


@contextlib.contextmanager
def stalled():
    with running(stall=True) as collector:
        yield collector.url


@contextlib.contextmanager
def refusing():
    with running(answers=[(400, {}, "what is this?")] * 100) as collector:
        yield collector.url


@contextlib.contextmanager
def without_accept():
    """Takes connections, as the kernel does for a process that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("broken, seconds", [(absent, 1.0), (refusing, 1.0), (stalled, 3.0), (without_accept, 3.0)])
@pytest.mark.parametrize("code", [OK, DATA])
def test_a_broken_collector_costs_3_s_at_most_and_never_the_verdict(pagehaul, api, db, broken, seconds, code):
    if code == DATA:
        api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    with broken() as url:
        result = configured(pagehaul, url).run()
        ended = time.time()
    assert result.code == code and result.stdout == "", str(result)
    if code == OK:
        assert_table_equals_oracle(db, api)
    (line,) = lines(result, "traces could not be exported")
    assert line["level"] == "warn" and "telemetry.traces.endpoint" in line["error"]
    (lost,) = lines(result, "spans were lost")
    assert lost["spans"] > 30
    settled = db.scalar("SELECT extract(epoch FROM max(stopped_at)) FROM pagehaul.worker")
    # Half a second more for a loaded machine.
    assert ended - float(settled) <= seconds + 0.5


def test_a_collector_and_a_gateway_that_hang_cost_the_same_3_s(pagehaul, db):
    with stalled() as collector, without_accept() as gateway:
        result = configured(pagehaul, collector).configure(telemetry={"pushgateway": {"url": gateway}}).succeed()
        ended = time.time()
    assert lines(result, "spans were lost") and lines(result, "metrics could not be pushed")
    settled = db.scalar("SELECT extract(epoch FROM max(stopped_at)) FROM pagehaul.worker")
    assert ended - float(settled) <= 3.5


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_asks_for_it_is_tried_again(pagehaul, status):
    with running(answers=[(status, {}, "busy")]) as collector:
        result = configured(pagehaul, collector.url).succeed()
        assert len(collector.requests) == 2 and collector.requests[0][2] == collector.requests[1][2]
    assert not lines(result, "traces could not be exported") and not lines(result, "spans were lost")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 501])
def test_another_answer_is_final(pagehaul, status):
    with running(answers=[(status, {}, "no")]) as collector:
        result = configured(pagehaul, collector.url).succeed()
        assert len(collector.requests) == 1
    (line,) = lines(result, "traces could not be exported")
    assert f"answered {status}" in line["error"]


def test_retry_after_is_waited_for(pagehaul):
    with running(answers=[(429, {"Retry-After": 1}, "")]) as collector:
        began = time.monotonic()
        result = configured(pagehaul, collector.url).succeed()
        assert len(collector.requests) == 2 and time.monotonic() - began > 1
    assert not lines(result, "spans were lost")


def test_a_retry_after_beyond_the_end_is_obeyed_at_once(pagehaul):
    with running(answers=[(503, {"Retry-After": 60}, "")]) as collector:
        began = time.monotonic()
        result = configured(pagehaul, collector.url).succeed()
        assert len(collector.requests) == 1 and time.monotonic() - began < 10
    assert len(lines(result, "spans were lost")) == 1


def test_a_partial_success_is_told_and_never_sent_again(pagehaul):
    answer = json.dumps({"partialSuccess": {"rejectedSpans": "7", "errorMessage": "too long ago"}})
    with running(answers=[(200, {}, answer)]) as collector:
        result = configured(pagehaul, collector.url).succeed()
        assert len(collector.requests) == 1
    (line,) = lines(result, "traces could not be exported")
    assert line["spans"] == 7 and "too long ago" in line["error"]
    (lost,) = lines(result, "spans were lost")
    assert lost["spans"] == 7


def test_a_collector_that_comes_back_gets_the_spans_of_a_long_run(pagehaul, api):
    """The first batch goes out after 5 s, while the API holds its answers; it is refused twice."""
    api.set(hold_after=4)
    with running(answers=[(503, {}, ""), (503, {}, "")]) as collector:
        run = configured(pagehaul, collector.url).start()
        collector.wait(3)
        api.set(hold=False, hold_after=0)
        result = run.result()
        assert result.code == OK, str(result)
        spans = collector_spans_without_repeats(collector, refused=2)
    assert {span.name for span in spans} == {"run", "slice", "page", "proof", "wait", "fetch", "decode", "commit"}
    assert not lines(result, "spans were lost")


def collector_spans_without_repeats(collector, refused):
    del collector.requests[:refused]
    return collector.spans()


@pytest.mark.security
def test_a_credential_of_the_collector_is_sent_and_told_nowhere(pagehaul, collector_guard):
    url, expected = collector_guard
    pagehaul.env["COLLECTOR_KEY"] = KEY
    pagehaul.configure(telemetry={"traces": {"endpoint": url, "headers": {"x-key": "${COLLECTOR_KEY}"}}, "log": {"level": "debug"}})
    outputs = [str(pagehaul.succeed("check")), str(pagehaul.succeed())]
    assert "takes traces" in outputs[0] and len(expected.requests) > 1
    assert {headers["x-key"] for _, headers, _ in expected.requests} == {KEY}
    assert not [text for text in outputs if KEY in text]


@pytest.fixture
def collector_guard():
    with running() as collector:
        yield collector.url, collector


def test_check_tells_of_a_collector_that_refuses_or_is_away(pagehaul):
    with running(answers=[(401, {}, "")]) as collector:
        refused = configured(pagehaul, collector.url).run("check")
    assert refused.code == CREDENTIAL and "FAIL  traces" in refused.stdout and "401" in refused.stdout
    with absent() as url:
        away = configured(pagehaul, url).run("check")
    assert away.code != OK and "FAIL  traces" in away.stdout and "telemetry.traces.endpoint" in away.stdout
