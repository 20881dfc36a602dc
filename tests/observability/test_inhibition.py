"""What a real Alertmanager keeps quiet by the rules of deploy/prometheus/alertmanager.yaml."""

import re

import pytest
import yaml
from conftest import ROOT, alert_rules

from harness.http import answers, get_json, request
from harness.process import Process
from harness.waiting import eventually

EXAMPLE = ROOT / "deploy" / "prometheus" / "alertmanager.yaml"


class Alertmanager:
    """With the example's rules and a receiver that tells nobody."""

    def __init__(self, directory):
        config = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], **yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))}
        (directory / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._process = Process(
            ["/usr/bin/prometheus-alertmanager", f"--config.file={directory / 'alertmanager.yml'}", f"--storage.path={directory / 'data'}",
             "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="], directory=directory, name="alertmanager", cwd=directory)
        listening = self._process.wait_for(lambda: re.search(r'msg="?Listening on"? address=(\S+)', self._process.stderr), what="names its port")
        self.url = "http://" + listening.group(1)
        self._process.wait_for(lambda: answers(self.url + "/-/ready"), what="is ready")

    def keeps_quiet(self, *alerts, of):
        """While all of these, mappings of labels, fire: these alone, by name and namespace, come to be inhibited."""
        told = [{"labels": {"severity": "warning", **labels}, "annotations": {}} for labels in alerts]
        assert request("POST", self.url + "/api/v2/alerts", body=told)[0] == 200

        def as_meant():
            held = get_json(self.url + "/api/v2/alerts")
            assert len(held) == len(alerts)
            assert {(one["labels"]["alertname"], one["labels"].get("namespace")) for one in held if one["status"]["inhibitedBy"]} == of
            return True

        eventually(as_meant)

    def close(self):
        self._process.stop()


@pytest.fixture
def alertmanager(tmp_path):
    server = Alertmanager(tmp_path)
    yield server
    server.close()


def test_a_gateway_that_is_down_is_one_alert_and_not_one_a_pipeline(alertmanager):
    alertmanager.keeps_quiet(
        {"alertname": "PagehaulGatewayDown", "job": "pushgateway"}, {"alertname": "PagehaulMetricsMissing", "namespace": "a", "pipeline": "orders"},
        {"alertname": "PagehaulMetricsMissing", "namespace": "b", "pipeline": "orders"}, {"alertname": "PagehaulJobFailed", "namespace": "a", "cronjob": "x"},
        of={("PagehaulMetricsMissing", "a"), ("PagehaulMetricsMissing", "b")})


@pytest.mark.parametrize("gateway", [{}, {"namespace": "monitoring"}, {"cluster": "us"}])
def test_a_gateway_that_is_down_keeps_quiet_pipelines_of_other_clusters_than_its_own(alertmanager, gateway):
    """metrics.cluster is for clusters that push to one Pushgateway."""
    alertmanager.keeps_quiet(
        {"alertname": "PagehaulGatewayDown", "job": "pushgateway", **gateway},
        {"alertname": "PagehaulMetricsMissing", "cluster": "eu", "namespace": "a", "pipeline": "orders"},
        {"alertname": "PagehaulMetricsMissing", "cluster": "us", "namespace": "b", "pipeline": "orders"},
        of={("PagehaulMetricsMissing", "a"), ("PagehaulMetricsMissing", "b")})


def test_an_overdue_pipeline_says_so_once_and_hides_none_of_another_namespace(alertmanager):
    alertmanager.keeps_quiet(
        {"alertname": "PagehaulNotSucceeding", "namespace": "a", "pipeline": "orders"}, {"alertname": "PagehaulIncomplete", "namespace": "a", "pipeline": "orders"},
        {"alertname": "PagehaulIncomplete", "namespace": "b", "pipeline": "orders"}, {"alertname": "PagehaulRowsQuarantined", "namespace": "a", "pipeline": "orders"},
        of={("PagehaulIncomplete", "a")})


def test_a_cronjob_without_success_hides_its_failed_jobs(alertmanager):
    alertmanager.keeps_quiet(
        {"alertname": "PagehaulRunMissed", "namespace": "a", "cronjob": "x"}, {"alertname": "PagehaulJobFailed", "namespace": "a", "cronjob": "x"},
        {"alertname": "PagehaulJobFailed", "namespace": "a", "cronjob": "y"}, {"alertname": "PagehaulJobFailed", "namespace": "b", "cronjob": "x"},
        of={("PagehaulJobFailed", "a")})


def test_it_names_alerts_that_there_are():
    known = {rule["alert"] for rule in alert_rules()}
    for rule in yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["inhibit_rules"]:
        for (matcher,) in (rule["source_matchers"], rule["target_matchers"]):
            _, stem, rest = re.fullmatch(r'alertname =(~?) "?(\w+)(?:\(([\w|]+)\)")?', matcher).groups()
            assert {stem + end for end in (rest or "").split("|")} <= known
