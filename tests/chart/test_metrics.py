"""Dashboard and alerts of the chart are those of deploy, from the folder and from the package alike."""

import re

import pytest
import yaml
from conftest import CHART, MINIMAL, ROOT

BOTH = {**MINIMAL, "metrics": {"dashboard": {"enabled": True}, "prometheusRule": {"enabled": True}}}
GUIDE = "https://git.example.com/pagehaul/deploy/README.md"


@pytest.fixture(params=["folder", "package"])
def rendered(helm, request):
    """{kind: object} of both."""
    chart = CHART if request.param == "folder" else helm.package()
    return {document["kind"]: document for document in helm.render(values=BOTH, chart=chart)}


def test_the_dashboards_are_the_same_to_the_letter(rendered):
    assert rendered["ConfigMap"]["data"] == {path.name: path.read_text() for path in (ROOT / "deploy" / "grafana").glob("*.json")}


def test_the_rules_are_the_same(rendered):
    """But for whose CronJobs they watch: the release's, and those alone."""
    name = rendered["CronJob"]["metadata"]["name"]
    theirs = (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text()
    ours = theirs.replace(".*pagehaul.*", f"({name})").replace('namespace=~".+"', 'namespace="data"')
    assert ours.count(name) > 3
    assert rendered["PrometheusRule"]["spec"] == yaml.safe_load(ours)


def alerts_of(held):
    """The rules of a PrometheusRule's spec, or of the file, but for those that record."""
    return [rule for group in held.get("spec", held)["groups"] for rule in group["rules"] if "alert" in rule]


def test_another_guide_is_linked_from_every_alert_and_the_old_one_nowhere(helm):
    rule = {"enabled": True, "runbookUrl": "https://wiki.example.com/ours"}
    (held,) = [document for document in helm.render(values={**MINIMAL, "metrics": {"prometheusRule": rule}}) if document["kind"] == "PrometheusRule"]
    alerts = alerts_of(held)
    assert [alert["annotations"]["runbook_url"] for alert in alerts] == [f"https://wiki.example.com/ours#{alert['alert'].lower()}" for alert in alerts]
    assert GUIDE not in str(held)


def rules(helm, **rule):
    """{alert: rule} as the chart makes them with these values."""
    values = {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, **rule}}}
    (held,) = [document for document in helm.render(values=values) if document["kind"] == "PrometheusRule"]
    return {alert["alert"]: alert for alert in alerts_of(held)}


# Where each threshold is meant to act.
THRESHOLDS = {
    "slack": ("90m", "5400", {"PagehaulNotSucceeding", "PagehaulRunMissed"}), "slowShare": (0.75, "0.75", {"PagehaulSlow"}),
    "quarantinedRows": (17, "17", {"PagehaulRowsQuarantined"}), "completeness": (0.97, "0.97", {"PagehaulIncomplete"}),
    "slicesLeft": (3, "3", {"PagehaulSlicesLeft"}), "sourceLag": ("2d", "172800", {"PagehaulSourceLagging"}),
    "silence": ("7m", "420", {"PagehaulNoWorkers", "PagehaulQueueStuck"}), "queueAge": ("20m", "1200", {"PagehaulQueueStuck"}),
    "deadLetters": (5, "5", {"PagehaulDeadLetters"})}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_changes_its_alerts_and_no_other(helm, name):
    value, written, meant = THRESHOLDS[name]
    before, after = rules(helm), rules(helm, thresholds={name: value})
    assert {alert for alert in before if before[alert] != after[alert]} == meant
    for alert in meant:
        assert set(re.findall(rf"([0-9.]+)s?  # {name}$", after[alert]["expr"], re.M)) == {written}


def test_every_number_that_the_rules_name_is_a_value(helm):
    text = (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text()
    assert set(re.findall(r"^ +[^#\n]*\ds?  # (\w+)$", text, re.M)) == THRESHOLDS.keys()
    assert yaml.safe_load((CHART / "values.yaml").read_text())["metrics"]["prometheusRule"]["thresholds"].keys() == THRESHOLDS.keys()


def test_how_long_an_alert_waits_and_what_the_pushgateway_is_called_are_values(helm):
    before, after = rules(helm), rules(helm, **{"for": {"PagehaulSlow": "20m"}, "gatewayJob": "gateway|pushes"})
    assert {alert for alert in before if before[alert] != after[alert]} == {"PagehaulSlow", "PagehaulGatewayDown"}
    assert after["PagehaulSlow"]["for"] == "20m" and 'up{job=~"gateway|pushes"}' in after["PagehaulGatewayDown"]["expr"]


def test_all_alerts_can_be_left_out_one_by_one(helm):
    rules_of_deploy = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
    names = [alert["alert"] for alert in alerts_of(rules_of_deploy)]
    for name in names:
        values = {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, "disabled": [name]}}}
        (held,) = [document for document in helm.render(values=values) if document["kind"] == "PrometheusRule"]
        assert [alert["alert"] for alert in alerts_of(held)] == [other for other in names if other != name]


def test_what_the_alerts_live_by_is_recorded_whatever_is_left_out_and_bears_no_label_of_an_alert(helm):
    """Another label would make another series of it, and the dashboards ask for it without alerts too."""
    file = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
    recorded = [rule for rule in file["groups"][0]["rules"] if "record" in rule]
    disabled = [alert["alert"] for alert in alerts_of(file)]
    values = {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, "disabled": disabled, "alertLabels": {"team": "data"}}}}
    (held,) = [document for document in helm.render(values=values) if document["kind"] == "PrometheusRule"]
    assert recorded and held["spec"]["groups"] == [{**file["groups"][0], "rules": recorded}]


def test_releases_of_a_cluster_have_each_pipelines_alerts_between_them_and_nothing_twice(helm):
    """One is as in the guide's example, the others with `shared: false`."""
    def brought(cronjob, **rule):
        values = {**MINIMAL, "pipelines": {cronjob: MINIMAL["pipelines"]["orders"]}, "metrics": {"prometheusRule": {"enabled": True, **rule}}}
        (held,) = [document for document in helm.render(values=values) if document["kind"] == "PrometheusRule"]
        return [(rule.get("alert", rule.get("record")), rule["expr"]) for group in held["spec"]["groups"] for rule in group["rules"]]

    first, second, third = brought("orders"), brought("stock", shared=False), brought("staff", shared=False)
    everything = first + second + third
    assert len(everything) == len(set(everything))
    for others, cronjob in ((second, "stock"), (third, "staff")):
        assert [name for name, _ in others] == ["PagehaulJobFailed", "PagehaulRunMissed", "PagehaulPodWaiting"]
        assert all(f"(release-pagehaul-{cronjob})" in expr for _, expr in others)


def test_no_rule_of_the_shared_ones_is_about_cronjobs_of_a_release(helm):
    shared, ours = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())["groups"]
    for group, about in ((shared, False), (ours, True)):
        assert all((".*pagehaul.*" in rule["expr"] or "kube_" in rule["expr"]) == about for rule in group["rules"])
