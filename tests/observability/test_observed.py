"""Five runs in two namespaces as they are seen from outside: every query of the dashboards has an answer, every alert the right ones."""

import re

import pytest
from conftest import GUIDE, alert_rules, all_rules
from grafana import UIDS, Dashboard
from observed import ALERTS, AT_WORK, ENDED, FAILING, HEALTHY, NOT_WATCHED, OVERDUE, RUNS, SLOW, SUCCEEDED

from harness.http import request
from harness.waiting import eventually

# One set of runs for all tests of this file and of test_drawn.py.
pytestmark = pytest.mark.xdist_group("observed")

OVERVIEW, PAGE = (Dashboard(uid) for uid in UIDS)
EVERY = {run.key for run in RUNS}
BROKERED, STREAMED, WITH_A_WATERMARK = ({run.key for run in RUNS if getattr(run, of)} for of in ("brokered", "streamed", "proves_a_day"))
# Of the page for one pipeline: which have an answer where not all have. None: it depends on how often the API was asked.
ANSWERED = {
    "Is the data fresh and complete?: Of its interval A": SUCCEEDED, "Is the data fresh and complete?: Since the last success A": SUCCEEDED,
    "Is the data fresh and complete?: Progress A": {AT_WORK.key}, "Is the data fresh and complete?: Time left A": {AT_WORK.key},
    "Is the data fresh and complete?: How the last run ended A": ENDED, "Is the data fresh and complete?: Data is behind by A": WITH_A_WATERMARK,
    "Is the data fresh and complete?: Errors of the newest run A": None,
    "Runs: Duration and deadline A": ENDED, "Runs: Exit codes A": ENDED, "Runs: Freshness A": SUCCEEDED, "Runs: Freshness B": WITH_A_WATERMARK,
    "Streams: Rows by stream A": STREAMED, "Streams: Slices by stream A": STREAMED, "Workers: Broker A": BROKERED,
    "Kubernetes: How containers ended A": ENDED}


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.namespace}-{run.name}")
def test_the_runs_ended_as_they_were_meant_to(observed, run):
    assert not observed.problems
    if run.code is not None:
        assert observed.results[run.key].code == run.code, str(observed.results[run.key])


def by_name(targets):
    return {"argvalues": [(name, target) for name, _, target in targets], "ids": [name for name, _, _ in targets]}


@pytest.mark.parametrize("name, target", **by_name(OVERVIEW.targets()))
def test_every_query_of_the_overview_has_an_answer(overview, name, target):
    if not name.startswith("Does any pipeline want somebody?: Alerts"):  # those that fire have waited for their `for`
        assert overview.asked(target)


@pytest.mark.parametrize("name, target", **by_name(PAGE.targets()))
def test_every_query_of_a_page_has_an_answer_for_each_pipeline_that_it_is_about(pages, name, target):
    expected = ANSWERED.get(name, EVERY)
    answered = {key for key, page in pages.items() if page.asked(target)}
    assert answered == expected or (expected is None and {HEALTHY.key, FAILING.key} <= answered)


def test_what_is_said_of_some_pipelines_alone_is_asked(pages):
    assert ANSWERED.keys() <= {name for name, _, _ in PAGE.targets()}


@pytest.mark.parametrize("name, target", **by_name([(name, panel, target) for name, panel, target in PAGE.targets() if panel["type"] != "table"]))
def test_every_series_is_told_apart_by_its_legend(pages, name, target):
    """Two lines of one name cannot be told apart."""
    for page in pages.values():
        names = [re.sub(r"\{\{(\w+)\}\}", lambda label, labels=labels: labels[label[1]], target["legendFormat"]) for labels, _ in page.over_time(target)]
        assert len(names) == len(set(names)), names


def test_the_variables_offer_what_there_is(observed, overview, pages):
    assert overview.offered("cluster") == ["eu"] and overview.offered("namespace") == ["ads", "shop"]
    assert overview.offered("pipeline") == ["creatives", "orders", "slow", "stock"]
    page = pages[AT_WORK.key]
    assert page.offered("pipeline") == ["orders", "stock"], "those of the namespace that is chosen"
    assert (page.offered("cronjob"), page.offered("job"), page.offered("pod")) == (["pagehaul-stock"], ["pagehaul-stock-1"], ["pagehaul-stock-1-x"])


def test_the_overview_counts_what_wants_somebody(overview):
    def counted(title):
        ((_, value),) = overview.now(OVERVIEW.panel(title)["targets"][0])
        return value

    assert {title: counted(title) for title in ("Overdue", "Failed", "Gone quiet", "At work", "Not watched", "Pipelines")} == {
        "Overdue": 1, "Failed": 2, "Gone quiet": 0, "At work": 1, "Not watched": 1, "Pipelines": len(RUNS)}


def column(overview, title, name):
    """{(namespace, pipeline): value} of a column of a table, by the name that its transformations give it."""
    panel = OVERVIEW.panel(title)
    renamed = panel["transformations"][-1]["options"]["renameByName"]
    (target,) = [target for target in panel["targets"] if renamed.get(f"Value #{target['refId']}") == name]
    return {(labels["namespace"], labels["pipeline"]): value for labels, value in overview.now(target)}


def test_the_worst_pipeline_stands_first(overview):
    ranks = column(overview, "Pipelines, the worst first", "rank")
    order = sorted(ranks, key=ranks.get, reverse=True)
    assert order[0] == OVERDUE.key and set(order[1:3]) == {FAILING.key, SLOW.key} and order[3:] == [AT_WORK.key, HEALTHY.key]
    states = column(overview, "Pipelines, the worst first", "state")
    assert states == {OVERDUE.key: 5, FAILING.key: 4, SLOW.key: 4, AT_WORK.key: 2, HEALTHY.key: 0}


def test_what_is_at_work_is_on_its_way_and_not_incomplete(overview, pages):
    complete, progress = (column(overview, "Pipelines, the worst first", of) for of in ("complete", "progress"))
    assert complete[HEALTHY.key] == complete[OVERDUE.key] == 1
    assert 0 < complete[FAILING.key] < 1 and 0 < complete[SLOW.key] < 1
    assert complete[AT_WORK.key] == -1, "the number that is written as: at work"
    assert progress.keys() == {AT_WORK.key} and 0 < progress[AT_WORK.key] < 0.9
    ((_, left),) = pages[AT_WORK.key].now(PAGE.panel("Time left")["targets"][0])
    assert 5 < left < 3600, "600 pages at 4 a second"


def test_a_cronjob_that_pushes_nothing_is_named(overview):
    ((labels, _),) = overview.now(OVERVIEW.panel("CronJobs that push nothing")["targets"][0])
    assert (labels["namespace"], labels["cronjob"]) == NOT_WATCHED


def test_a_pages_glance_tells_the_runs_apart(pages):
    def now(title):
        return {key: found[0][1] for key, page in pages.items() if (found := page.now(PAGE.panel(title)["targets"][0]))}

    assert now("How the last run ended") == {run.key: run.code for run in RUNS if run.code is not None}
    used = now("Of its interval")
    assert used[HEALTHY.key] < 0.01 and used[OVERDUE.key] > 1
    behind = now("Data is behind by")
    assert 0 < behind[HEALTHY.key] < 2 * 86400 < 8 * 86400 < behind[OVERDUE.key]


def test_the_annotations_mark_when_a_run_began_and_how_it_ended(observed, pages):
    def marks(run):
        return {mark["name"]: mark["at"] for mark in pages[run.key].marks()}

    healthy, failing = marks(HEALTHY), marks(FAILING)
    assert healthy.keys() == {"A run begins", "A run succeeds"} and failing.keys() == {"A run begins", "A run fails"}
    assert observed.began - 1 < healthy["A run begins"] < healthy["A run succeeds"] < observed.ended
    assert marks(AT_WORK).keys() == {"A run begins"}


def test_every_metric_that_dashboards_and_rules_name_is_exposed(observed):
    expressions = [target["expr"] for dashboard in (OVERVIEW, PAGE) for _, _, target in dashboard.targets()] + [rule["expr"] for rule in all_rules()]
    named = {name for text in expressions for name in re.findall(r"\b(?:pagehaul:|(?:pagehaul|push|kube|container)_)\w+", re.sub(r'"[^"]*"', "", text))}
    # What somebody pushes by hand, and what Kubernetes tells of pods that wait: none here does.
    absent = {"pagehaul_retired", "kube_pod_container_status_waiting_reason", "kube_pod_init_container_status_waiting_reason", "kube_pod_status_unschedulable"}
    assert named - observed.prometheus.metrics() == absent


def test_prometheus_evaluates_every_rule(observed):
    assert [rule["name"] for rule in observed.prometheus.rules()] == [rule.get("alert", rule.get("record")) for rule in all_rules()]
    eventually(lambda: all(rule["health"] == "ok" for rule in observed.prometheus.rules()), what="every rule was evaluated")


def test_what_is_held_is_what_was_told_last(observed):
    held = [rule["record"] for rule in all_rules() if rule.get("record", "").replace(":", "_") in observed.prometheus.metrics()]
    assert len(held) > 10
    for name in held:
        def told(of, name=name):
            found = observed.prometheus.query(f'{of}{{namespace="{HEALTHY.namespace}", pipeline="{HEALTHY.name}"}}', time=observed.ended)
            return {tuple(sorted((label, text) for label, text in labels.items() if label not in ("__name__", "instance"))): value for labels, value in found}

        assert told(name) == told(name.replace(":", "_")) != {}, name


def test_what_is_held_is_as_many_series_as_the_guide_says(observed):
    said = int(re.search(r"about (\d+) series a pipeline", GUIDE.read_text(encoding="utf-8"))[1])
    counted = observed.prometheus.query('count by (namespace, pipeline) ({__name__=~"pagehaul:.+", pipeline!=""})', time=observed.ended)
    assert len(counted) == len(RUNS) and abs(max(count for _, count in counted) - said) <= 5, counted


def test_each_run_raises_its_alerts_and_a_good_one_none(observed):
    def raised():
        assert observed.prometheus.alerts().keys() == ALERTS
        return True

    eventually(raised)


def test_pushes_that_are_refused_raise_an_alert_and_one_that_is_taken_clears_it(prometheus, pushgateway):
    def push(body):
        return request("POST", f"{pushgateway.url}/metrics/job/pagehaul/pipeline/torn", body=body)[0]

    assert push(b"pagehaul_queue_depth 1\n") == 200
    eventually(lambda: prometheus.query('push_time_seconds{pipeline="torn"}'))
    assert prometheus.alerts() == {}
    assert push(b"pagehaul_queue_depth 1 1700000000000\n") == 400, "a time of its own is refused"
    eventually(lambda: ("PagehaulPushFailing", None, "torn") in prometheus.alerts(), what="the alert")
    assert push(b"pagehaul_queue_depth 1\n") == 200
    eventually(lambda: prometheus.alerts() == {}, what="no alert")


GROUP = b"pagehaul_last_run_timestamp_seconds 1\npagehaul_last_success_timestamp_seconds 1\npagehaul_expected_interval_seconds 1e10\n"
MISSING = ("PagehaulMetricsMissing", None, "gone")


@pytest.fixture
def gone(prometheus, pushgateway):
    """A group that was there and is no more; its address."""
    address = f"{pushgateway.url}/metrics/job/pagehaul/pipeline/gone"
    request("POST", address, body=GROUP)
    eventually(lambda: prometheus.query('pagehaul_last_run_timestamp_seconds{pipeline="gone"}'))
    assert prometheus.alerts() == {}
    request("DELETE", address)
    eventually(lambda: MISSING in prometheus.alerts(), what="the alert")
    return address


def test_a_group_that_disappears_raises_an_alert_until_it_is_back(prometheus, gone):
    request("POST", gone, body=GROUP)
    eventually(lambda: prometheus.alerts() == {}, what="no alert")


def test_a_pipeline_that_is_told_to_be_gone_for_good_raises_none(prometheus, gone):
    held = 'pagehaul:last_success_timestamp_seconds{pipeline="gone"}'
    assert prometheus.query(held), "what it told last"
    request("PUT", gone, body=b"pagehaul_retired 1\n")
    eventually(lambda: prometheus.alerts() == {} and not prometheus.query(held), what="no alert, and nothing that is held")
    request("DELETE", gone)
    eventually(lambda: not prometheus.query('push_time_seconds{pipeline="gone"}'), what="the group is gone")
    assert prometheus.alerts() == {}


def test_a_pushgateway_that_is_down_raises_an_alert(prometheus, pushgateway):
    eventually(lambda: prometheus.query("up == 1"))
    pushgateway.close()
    eventually(lambda: {name for name, _, _ in prometheus.alerts()} == {"PagehaulGatewayDown"}, what="the alert")
