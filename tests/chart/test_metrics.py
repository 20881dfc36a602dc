"""Dashboard and alerts of the chart are those of deploy, from the folder and from the package alike."""

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


def test_the_dashboard_is_the_same_to_the_letter(rendered):
    assert rendered["ConfigMap"]["data"] == {"pagehaul.json": (ROOT / "deploy" / "grafana" / "pagehaul.json").read_text()}


def test_the_rules_are_the_same(rendered):
    """But for whose CronJobs they watch: the release's, and those alone."""
    name = rendered["CronJob"]["metadata"]["name"]
    theirs = (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text()
    ours = theirs.replace(".*pagehaul.*", f"({name})").replace('namespace=~".+"', 'namespace="data"')
    assert ours.count(name) > 3
    assert rendered["PrometheusRule"]["spec"] == yaml.safe_load(ours)


def test_another_guide_is_linked_from_every_alert_and_the_old_one_nowhere(helm):
    rule = {"enabled": True, "runbookUrl": "https://wiki.example.com/ours"}
    (held,) = [document for document in helm.render(values={**MINIMAL, "metrics": {"prometheusRule": rule}}) if document["kind"] == "PrometheusRule"]
    alerts = held["spec"]["groups"][0]["rules"]
    assert [alert["annotations"]["runbook_url"] for alert in alerts] == [f"https://wiki.example.com/ours#{alert['alert'].lower()}" for alert in alerts]
    assert GUIDE not in str(held)


def test_all_alerts_can_be_left_out_one_by_one(helm):
    names = [alert["alert"] for alert in yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())["groups"][0]["rules"]]
    for name in names:
        values = {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, "disabled": [name]}}}
        (held,) = [document for document in helm.render(values=values) if document["kind"] == "PrometheusRule"]
        assert [alert["alert"] for alert in held["spec"]["groups"][0]["rules"]] == [other for other in names if other != name]
