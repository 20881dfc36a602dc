"""Kubernetes takes pods away, and the program ends itself at its deadline: the Job's next pod fetches only what is missing."""

import datetime

from harness.pagehaul import INCOMPLETE, OK, SIGTERM_EXIT
from harness.recovery import SETTLED, assert_asked_only, assert_complete, done_pages, leftovers, missing_pages, release as answer_again
from kube.midway import FEW, IN_FLIGHT, drain, start_midway

STORED = 12
GRACE = 45


def at(time):
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))


def seconds_to_end(pod):
    """From when Kubernetes was told to delete it until its container had ended."""
    asked = at(pod.deletion) - datetime.timedelta(seconds=GRACE)
    return (at(pod.ended()["finishedAt"]) - asked).total_seconds()


def assert_drained(db, pod):
    """In time, with everything stored that was in flight, and nothing left in its hands."""
    assert pod.exit_code() == SIGTERM_EXIT, pod
    assert (pod.message()["verdict"], pod.message()["pages_done"]) == ("stopped", STORED + IN_FLIGHT)
    assert seconds_to_end(pod) < GRACE - 20
    assert leftovers(db) == SETTLED
    assert len(done_pages(db)) == STORED + IN_FLIGHT


def assert_next_pod_finishes(namespace, api, db, missing):
    namespace.wait_job("now", "Complete")
    first, second = namespace.pods("now")
    assert second.exit_code() == OK and second.job_uid == first.job_uid
    assert_asked_only(api, missing)
    assert_complete(db, api)


def test_a_deleted_pod_drains_and_the_next_one_resumes(release, namespace, api, db):
    release.configure(FEW)
    pod = start_midway(release, namespace, api, db, STORED)

    namespace.kubectl("delete", "pod", pod.name, "--wait=false")
    drain(api, db)
    pod = namespace.wait_exit("now")

    assert_drained(db, pod)
    assert "DisruptionTarget" not in pod.conditions
    assert_next_pod_finishes(namespace, api, db, missing_pages(db))
    assert namespace.job("now")["status"]["failed"] == 1


def test_an_evicted_pod_drains_and_costs_the_job_no_try(release, namespace, api, db):
    release.configure(FEW).set(backoffLimit=0)
    pod = start_midway(release, namespace, api, db, STORED)

    status, told = namespace.cluster.request("POST", f"/api/v1/namespaces/{namespace.name}/pods/{pod.name}/eviction", {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.name, "namespace": namespace.name}})
    assert status == 201, told
    drain(api, db)
    pod = namespace.wait_exit("now")

    assert pod.conditions["DisruptionTarget"]["reason"] == "EvictionByEvictionAPI"
    assert_drained(db, pod)
    assert_next_pod_finishes(namespace, api, db, missing_pages(db))
    assert namespace.job("now")["status"].get("failed", 0) == 0


def test_the_deadline_ends_a_run_and_the_next_pod_resumes_it(release, namespace, api, db):
    release.set(run={"deadline": "8s", "drain": "1s"})
    start_midway(release, namespace, api, db, STORED)

    pod = namespace.wait_exit("now")

    assert pod.exit_code() == INCOMPLETE, pod
    assert "deadline" in pod.message()["reason"]
    assert leftovers(db) == SETTLED and len(done_pages(db)) == STORED
    missing = missing_pages(db)
    answer_again(api)
    assert_next_pod_finishes(namespace, api, db, missing)
