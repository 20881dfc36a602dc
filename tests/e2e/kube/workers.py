"""The workers of a release's ScaledJob, whoever starts them."""

import json

SECRET, KEY = "queue-reader", "DATABASE_URL"


def scaling(**settings):
    """The chart's values for it, looked at every second."""
    return {"enabled": True, "pagesPerPod": 4, "maxReplicas": 3, "pollingInterval": 1, "connection": {"secretName": SECRET, "key": KEY}, **settings}


def start_worker(namespace, name):
    """A Job as KEDA would make it of the ScaledJob; its pod."""
    (held,) = json.loads(namespace.kubectl("get", "scaledjobs", "--output=json").stdout)["items"]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": held["spec"]["jobTargetRef"]}
    namespace.kubectl("create", "--filename", "-", stdin=json.dumps(job))
    return namespace.wait_pod(name)


def leased(db, pod):
    """The pages that are in that pod's hands."""
    return db.scalar("SELECT count(*) FROM pagehaul.page p JOIN pagehaul.worker w ON w.id = p.worker WHERE p.state = 'leased' AND w.host = %s", pod.name)
