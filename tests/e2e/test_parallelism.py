"""Several pods of one Job share its run, without another component."""

import pytest

from harness.pagehaul import OK, SIGTERM_EXIT
from harness.recovery import PAGES, assert_asked_only, assert_complete
from kube.midway import wait_midway

EACH, PODS = 2, 3
SMALL = {"run": {"workers": EACH}, "source": {"limits": {"concurrency": EACH}}}
STORED = 4


@pytest.mark.parametrize("values", [{}, {"completions": PODS, "completionMode": "Indexed"}], ids=["parallel", "indexed"])
def test_the_pods_of_a_job_share_its_run_and_say_so_once(release, namespace, api, db, pushgateway, values):
    api.set(hold_after=STORED)
    release.configure(SMALL, telemetry={"pushgateway": {"url": pushgateway.url}}).set(parallelism=PODS, **values).install()
    namespace.create_job(release.cronjob, "now")
    wait_midway(namespace, api, db, STORED)
    api.wait(held=PODS * EACH, timeout=90)
    api.set(hold=False)
    namespace.wait_job("now", "Complete")

    pods = namespace.pods("now")
    assert [(pod.exit_code(), pod.message()["verdict"], pod.message()["run"]) for pod in pods] == [(OK, "succeeded", 1)] * PODS
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert [key for key, in db.query("SELECT key FROM pagehaul.run_key")] == [pods[0].job_uid]
    assert pushgateway.value("pagehaul_last_run_exit_code") == OK
    assert_asked_only(api, range(1, PAGES + 1))
    assert_complete(db, api)


@pytest.mark.alone
def test_a_node_that_is_drained_gives_its_pod_back_when_it_returns(release, namespace, cluster, api, db):
    """The only node there is."""
    release.configure(SMALL).set(backoffLimit=0)
    api.set(hold_after=STORED)
    release.install()
    namespace.create_job(release.cronjob, "now")
    wait_midway(namespace, api, db, STORED)

    try:
        cluster.kubectl("drain", "node1", "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s")
        first = namespace.wait_exit("now")
        second = namespace.wait_pod("now", 2)
        assert (first.exit_code(), first.conditions["DisruptionTarget"]["reason"]) == (SIGTERM_EXIT, "EvictionByEvictionAPI")
        namespace.wait(lambda: namespace.pods("now")[1].conditions.get("PodScheduled", {}).get("reason") == "Unschedulable", 30, "the next pod waits for a node")
    finally:
        cluster.kubectl("uncordon", "node1")
    api.set(hold=False)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [SIGTERM_EXIT, OK]
    assert second.job_uid == first.job_uid
    assert_complete(db, api)
