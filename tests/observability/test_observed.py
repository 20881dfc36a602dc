"""A good, a quarantining, a failing and a slow run as they are seen from outside: every query of the dashboard has an answer, every alert the right ones."""

import re

import pytest
from conftest import KUBERNETES_ROW, RULES, alert_rules, dashboard, panels
from observed import ALERTS, BROKERED, NAMES, RUNS, STREAMED, SUCCEEDED, WITH_A_WATERMARK, Observed

from harness.http import request
from harness.waiting import eventually

# One set of runs for all tests of this file.
pytestmark = pytest.mark.xdist_group("observed")

QUERIES = [(f"{row}: {panel['title']} {target['refId']}", target) for row, panel in panels() if row != KUBERNETES_ROW for target in panel["targets"]]
DRAWN = [(name, target) for name, target in QUERIES if target.get("format") != "table"]
# What is not pagehaul's own: the Pushgateway's, and of the row Kubernetes what kube-state-metrics and the kubelet expose, which tests/e2e walks.
NOT_OURS = re.compile(r"push_(failure_)?time_seconds|kube_(cronjob|job|pod)_\w+|container_(memory|cpu)_\w+")


@pytest.fixture(scope="module")
def observed(tmp_path_factory, _cluster, pagehaul_binary, mockapi_binary):
    _cluster.start()
    seen = Observed(tmp_path_factory.mktemp("observed"), _cluster, pagehaul_binary, mockapi_binary, [RULES])
    yield seen
    seen.close()


STEP = 0.25  # seconds, as a range query takes them


def over_the_runs(observed, expression):
    """A range query over all that happened; one step further, since Prometheus counts steps from the beginning."""
    return observed.prometheus.query_range(as_grafana_asks(expression), observed.began, observed.ended + STEP, STEP)


def as_grafana_asks(expression):
    """With the variables that Grafana would fill in: all pipelines, and the window that it takes for short ranges."""
    return expression.replace("$pipeline", "|".join(sorted(NAMES))).replace("$__rate_interval", "2s")


def has_answers_from(expression):
    """The pipelines that have what the query asks for: only a success leaves its time, only a proven day a watermark."""
    pipelines = set(NAMES)
    if "pagehaul_last_success_timestamp_seconds" in expression:
        pipelines &= SUCCEEDED
    if "pagehaul_source_watermark_timestamp_seconds" in expression:
        pipelines &= WITH_A_WATERMARK
    if "pagehaul_broker_messages" in expression:
        pipelines &= BROKERED
    if "pagehaul_stream_" in expression:
        pipelines &= STREAMED
    return pipelines


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_the_runs_ended_as_they_were_meant_to(observed, run):
    assert observed.results[run.name].code == run.code, str(observed.results[run.name])
    assert not observed.problems


@pytest.mark.parametrize("target", [target for _, target in QUERIES], ids=[name for name, _ in QUERIES])
def test_every_query_of_the_dashboard_has_an_answer_for_each_run_that_it_is_about(observed, target):
    expression = target["expr"]
    if target.get("instant"):
        answered = observed.prometheus.query(as_grafana_asks(expression), time=observed.ended)
    else:
        answered = over_the_runs(observed, expression)
    assert {labels["pipeline"] for labels, _ in answered} == has_answers_from(expression)


def test_prometheus_can_read_the_queries_for_kubernetes_too(observed):
    """What they answer is seen in tests/e2e."""
    chosen = {"namespace": "data", "cronjob": "reports-pagehaul-orders", "job": ".+", "pod": ".+", "__rate_interval": "1m"}
    targets = [target for row, panel in panels() if row == KUBERNETES_ROW for target in panel["targets"]]
    assert targets
    for target in targets:
        assert observed.prometheus.query(re.sub(r"\$([a-z_]+)", lambda name: chosen[name[1]], target["expr"])) == []


@pytest.mark.parametrize("target", [target for _, target in DRAWN], ids=[name for name, _ in DRAWN])
def test_every_series_is_told_apart_by_its_legend(observed, target):
    """Two lines of one name cannot be told apart."""
    names = [re.sub(r"\{\{(\w+)\}\}", lambda label, labels=labels: labels[label[1]], target["legendFormat"])
             for labels, _ in over_the_runs(observed, target["expr"])]
    assert len(names) == len(set(names)), names


def test_the_variable_offers_every_pipeline(observed):
    (variable,) = [variable for variable in dashboard()["templating"]["list"] if variable["name"] == "pipeline"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
    assert {labels[label] for labels, _ in observed.prometheus.query(metric)} == NAMES


def test_the_glance_tells_the_runs_apart(observed):
    def now(title):
        (panel,) = [panel for row, panel in panels() if panel["title"] == title and row.endswith("?")]
        return {labels["pipeline"]: value for labels, value in observed.prometheus.query(as_grafana_asks(panel["targets"][0]["expr"]), observed.ended)}

    assert now("Last verdict") == {"good": 1, "quarantining": 1, "failing": 0, "slow": 0}
    assert now("Last exit code") == {run.name: run.code for run in RUNS}
    completeness = now("Completeness")
    assert completeness["good"] == completeness["quarantining"] == 1
    assert completeness["failing"] < 1 and completeness["slow"] < 1
    used = now("Of its objective")
    assert used["good"] < 0.01 and used["quarantining"] > 1
    behind = now("Data is behind by")
    assert 0 < behind["good"] < 2 * 86400 < 8 * 86400 < behind["quarantining"]


def test_every_metric_that_dashboard_and_rules_name_is_exposed(observed):
    expressions = [target["expr"] for _, panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in alert_rules()]
    named = {name for text in expressions for name in re.findall(r"\b(?:pagehaul|push|kube|container)_\w+", re.sub(r'"[^"]*"', "", text))}
    unknown = {name for name in named - observed.prometheus.metrics() if not re.fullmatch(NOT_OURS, name)}
    assert not unknown
    assert {"push_time_seconds", "push_failure_time_seconds"} <= observed.prometheus.metrics()


def test_prometheus_evaluates_every_rule(observed):
    assert [rule["name"] for rule in observed.prometheus.rules()] == [rule["alert"] for rule in alert_rules()]
    eventually(lambda: all(rule["health"] == "ok" for rule in observed.prometheus.rules()), what="every rule was evaluated")


def test_each_run_raises_its_alerts_and_a_good_one_none(observed):
    def raised():
        assert {key for key in observed.prometheus.alerts() if key[1] in NAMES} == ALERTS
        return True

    eventually(raised)


def test_pushes_that_are_refused_raise_an_alert_and_one_that_is_taken_clears_it(prometheus, pushgateway):
    def push(body):
        return request("POST", f"{pushgateway.url}/metrics/job/pagehaul/pipeline/torn", body=body)[0]

    assert push(b"pagehaul_queue_depth 1\n") == 200
    eventually(lambda: prometheus.query('push_time_seconds{pipeline="torn"}'))
    assert prometheus.alerts() == {}
    assert push(b"pagehaul_queue_depth 1 1700000000000\n") == 400, "a time of its own is refused"
    eventually(lambda: ("PagehaulPushFailing", "torn") in prometheus.alerts(), what="the alert")
    assert push(b"pagehaul_queue_depth 1\n") == 200
    eventually(lambda: prometheus.alerts() == {}, what="no alert")


def test_a_group_that_disappears_raises_an_alert_until_it_is_back(prometheus, pushgateway):
    group = f"{pushgateway.url}/metrics/job/pagehaul/pipeline/gone"
    body = b"pagehaul_last_run_timestamp_seconds 1\npagehaul_last_success_timestamp_seconds 1\npagehaul_expected_interval_seconds 1e10\n"
    missing = ("PagehaulMetricsMissing", "gone")
    request("POST", group, body=body)
    eventually(lambda: prometheus.query('pagehaul_last_run_timestamp_seconds{pipeline="gone"}'))
    assert prometheus.alerts() == {}
    request("DELETE", group)
    eventually(lambda: missing in prometheus.alerts(), what="the alert")
    request("POST", group, body=body)
    eventually(lambda: prometheus.alerts() == {}, what="no alert")
