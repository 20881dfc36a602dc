"""The Kubernetes panels of a pipeline's page, fed as in a cluster: by kube-state-metrics and the kubelet, for the CronJob that the run has pushed."""

import time

import pytest

from harness.prometheus import Prometheus
from harness.recovery import assert_complete
from kube.cluster import CHART
from kube.dashboard import Row
from kube.metrics import KubeStateMetrics
from kube.midway import FEW, wait_midway

# They hold what names the CronJob.
RULES = CHART.parents[1] / "deploy" / "prometheus" / "rules.yaml"
# The panel's number for a Job that is complete.
SUCCEEDED = 2
# Nothing to show while the first run is at work.
OF_THE_END = {"How containers ended"}


@pytest.fixture
def kubernetes(namespace, cluster, pushgateway, tmp_path):
    """The row about Kubernetes, as a Prometheus has it that scrapes the cluster and the Pushgateway."""
    metrics = KubeStateMetrics(tmp_path, cluster, namespace.name)
    prometheus = Prometheus(tmp_path, pushgateway.url, [RULES], scrape=metrics.scrape_configs())
    yield Row("Kubernetes", prometheus, time.time(), cluster="", namespace=namespace.name, pipeline="creative_report")
    prometheus.close()
    metrics.close()


def has_data(row, besides=()):
    empty = [asked for asked in row.empty() if asked[0] not in besides]
    assert not empty, empty
    return True


def test_every_panel_about_kubernetes_has_data(release, namespace, api, db, pushgateway, kubernetes):
    api.set(hold_after=12)
    release.configure(FEW, run={"patience": "5m"}, telemetry={"pushgateway": {"url": pushgateway.url}}).set(schedule="@every 2s").install()
    (job,) = namespace.wait(namespace.jobs, 60, "a Job of the schedule is there")
    wait_midway(namespace, api, db)

    # The kubelet looks at a container every ten seconds or so, and a rate needs two looks.
    namespace.wait(lambda: has_data(kubernetes, besides=OF_THE_END), 60, "the panels about a run at work have data")
    assert [value for _, value in kubernetes.now("Jobs at work")] == [1]
    release.set(suspend=True).upgrade()
    api.set(hold=False)
    namespace.wait_job(job["metadata"]["name"], "Complete")

    namespace.wait(lambda: has_data(kubernetes), 30, "all panels have data")
    assert {labels["reason"] for labels, _ in kubernetes.now("How containers ended")} == {"Completed"}
    namespace.wait(lambda: {value for _, value in kubernetes.now("Jobs")} == {SUCCEEDED}, 30, "the Job is shown as done")
    assert_complete(db, api)
