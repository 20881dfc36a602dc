"""What a cluster gives to its namespaces: users of their own, quotas, ranges of limits."""

import json

import pytest

from harness.pagehaul import OK, parse_log
from harness.recovery import assert_complete
from kube.users import REFUSAL, Users

FOLDER = "/run/secrets/pagehaul"


def refusals(namespace):
    """What pods were refused with."""
    events = json.loads(namespace.kubectl("get", "events", "--field-selector=reason=FailedCreate", "--output=json").stdout)["items"]
    return [event["message"] for event in events]


@pytest.fixture
def users(namespace):
    held = Users(namespace)
    yield held
    held.close()


def test_a_cluster_that_gives_pods_users_of_its_own_runs_the_image_under_them(users, release, namespace, api, db):
    """Secrets and config are read, and everything is written that is written, by a user and a group that the image does not know."""
    release.configure(source={"auth": {"value": "${file:%s/ACCESS_TOKEN}" % FOLDER}}).set(secret={"mountPath": FOLDER}).install()
    namespace.create_job(release.cronjob, "numbered")
    namespace.wait(lambda: any(REFUSAL in refusal for refusal in refusals(namespace)), 30, "the chart's own user is refused")

    release.values["openshift"] = True
    release.upgrade()
    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")
    assert_complete(db, api)


def test_a_quota_that_refuses_the_pod_keeps_the_run_waiting_and_no_longer(release, namespace, api, db):
    namespace.kubectl("create", "quota", "none", "--hard=pods=0")
    namespace.kubectl("wait", "--for=jsonpath={.status.hard.pods}=0", "--timeout=30s", "quota/none")
    release.install()
    namespace.create_job(release.cronjob, "now")
    namespace.wait(lambda: any("exceeded quota: none" in refusal for refusal in refusals(namespace)), 30, "the pod is refused")
    assert namespace.pods("now") == [] and namespace.job_ended("now") is None

    namespace.kubectl("delete", "quota", "none")
    namespace.wait_job("now", "Complete")
    assert [pod.exit_code() for pod in namespace.pods("now")] == [OK]
    assert_complete(db, api)


def test_a_range_of_limits_sizes_a_run_that_names_none(release, namespace, api, db):
    """And lets it past a quota that admits no pod without limits."""
    namespace.kubectl("create", "--filename", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "sizes"}, "spec": {"limits": [{
            "type": "Container", "default": {"cpu": "500m", "memory": "96Mi"}, "defaultRequest": {"cpu": "100m", "memory": "64Mi"}, "max": {"cpu": "1", "memory": "128Mi"}}]}}))
    namespace.kubectl("create", "quota", "all", "--hard=requests.cpu=1,requests.memory=256Mi,limits.cpu=1,limits.memory=256Mi")
    namespace.kubectl("wait", "--for=jsonpath={.status.hard.limits\\.cpu}=1", "--timeout=30s", "quota/all")
    release.settings["resources"] = {"requests": None, "limits": None}
    release.install()
    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")

    (pod,) = namespace.pods("now")
    start = next(line for line in parse_log(namespace.log(pod)) if line["msg"] == "start")
    assert (float(start["cpus"]), int(start["memory"])) == (0.5, 96 << 20)
    assert_complete(db, api)


def test_limits_above_the_range_are_refused_and_the_job_says_so(release, namespace):
    namespace.kubectl("create", "--filename", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "sizes"}, "spec": {"limits": [{"type": "Container", "max": {"memory": "128Mi"}}]}}))
    release.install()
    namespace.create_job(release.cronjob, "now")
    namespace.wait(lambda: any("maximum memory usage per Container is 128Mi" in refusal for refusal in refusals(namespace)), 30, "the pod is refused")
    assert namespace.job_ended("now") is None
