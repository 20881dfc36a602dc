"""Several pods of one Job share its run, without another component."""

import pytest

from harness.pagehaul import OK, SIGTERM_EXIT, UNAVAILABLE
from harness.recorder import Recorder
from harness.recovery import PAGES, assert_asked_only, assert_complete
from kube.cluster import HOST
from kube.midway import wait_midway
from kube.node import kill

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


def test_one_pod_pushes_for_all_and_the_next_one_once_it_is_killed(release, namespace, api, db):
    gateway = Recorder(host=HOST)
    try:
        api.set(hold_after=STORED)
        release.configure(SMALL, telemetry={"pushgateway": {"url": gateway.url, "interval": "1s"}}).set(parallelism=PODS).install()
        namespace.create_job(release.cronjob, "now")
        api.wait(held=PODS * EACH, timeout=90)

        seen = len(gateway.pushes)
        namespace.wait(lambda: len(gateway.pushes) >= seen + 5, 30, "five more pushes")
        (eldest,) = {push.sender for push in gateway.pushes}
        (pod,) = [pod for pod in namespace.pods("now") if pod.address == eldest]
        kill(pod)
        namespace.wait(lambda: gateway.pushes[-1].sender != eldest, 30, "another pushes")
        seen = len(gateway.pushes)
        namespace.wait(lambda: len(gateway.pushes) >= seen + 5, 30, "five more pushes")
        assert len({push.sender for push in gateway.pushes}) == 2

        api.set(hold=False)
        namespace.wait_job("now", "Complete")
        assert len({push.path for push in gateway.pushes}) == 1, "no pod has a group of its own"
        assert_complete(db, api)
    finally:
        gateway.close()


def test_an_outage_that_ends_all_pods_costs_each_one_try(release, namespace, api, db):
    """Kubernetes counts failed pods, not rounds of them: with as many tries as one pod has, the Job would fail here."""
    api.set(down=True)
    release.configure(SMALL, run={"patience": "1s"}).set(parallelism=PODS, backoffLimit=1).install()
    namespace.create_job(release.cronjob, "now")
    for number in range(1, PODS + 1):
        assert namespace.wait_exit("now", number).exit_code() == UNAVAILABLE
    api.set(down=False)
    namespace.wait_job("now", "Complete")

    spec = namespace.job("now")["spec"]
    assert spec["backoffLimit"] == PODS
    # Both rounds fit in, each with a deadline of 600 s, and what Kubernetes waits between pods: 10, 20 and 40 s.
    assert spec["activeDeadlineSeconds"] > 2 * 600 + 70
    assert OK in [pod.exit_code() for pod in namespace.pods("now")[PODS:]]
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
