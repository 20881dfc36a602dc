"""KEDA's own operator beside the cluster, for the namespace of one test, and what it makes of a release's ScaledJob."""

import json
import os
import subprocess

from harness.http import answers
from harness.process import Process, free_port

from .cluster import CHART, HOST
from .workers import KEY, SECRET

ROLE_SQL = CHART.parents[1] / "deploy" / "keda" / "role.sql"
PASSWORD = "reader-hunter2-secret"


class Keda:
    """Runs outside the cluster, as an administrator, and looks at this namespace only."""

    def __init__(self, directory, cluster, namespace):
        self._namespace = namespace
        probes = f"{HOST}:{free_port(HOST)}"
        self._process = Process(
            [cluster.tools / "keda-operator", f"--kubeconfig={cluster.kubeconfig}", f"--cert-dir={_certificate(directory)}", f"--health-probe-bind-address={probes}",
             f"--metrics-bind-address={HOST}:{free_port(HOST)}", f"--metrics-service-bind-address={HOST}:{free_port(HOST)}"],
            directory=directory, name="keda-operator",
            env={**os.environ, "WATCH_NAMESPACE": namespace.name, "POD_NAMESPACE": namespace.name, "KEDA_CLUSTER_OBJECT_NAMESPACE": namespace.name})
        self._process.wait_for(lambda: answers(f"http://{probes}/readyz"), 60, "answers")

    def conditions(self):
        """What it says of the only ScaledJob: {type: status}; {} before it has looked at it."""
        (held,) = json.loads(self._namespace.kubectl("get", "scaledjobs", "--output=json").stdout)["items"]
        return {condition["type"]: condition["status"] for condition in held.get("status", {}).get("conditions", [])}

    def wait_asleep(self):
        """Until it has seen an empty queue, and its Jobs have ended."""
        self._namespace.wait(lambda: self.conditions().get("Active") == "False" and not at_work(self._namespace), 60, "no worker is wanted and none at work")

    def close(self):
        self._process.stop()


def _certificate(directory):
    """The folder with what the operator's metrics are served with to KEDA's other half, which nobody needs for a ScaledJob."""
    folder = directory / "keda-certificate"
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=keda-operator",
                    "-keyout", folder / "tls.key", "-out", folder / "tls.crt"], check=True, capture_output=True)
    (folder / "ca.crt").write_bytes((folder / "tls.crt").read_bytes())
    return folder


class Reader:
    """The role with which KEDA reads the queue's length, as the operator's guide makes it, and the Secret of its connection."""

    def __init__(self, namespace, db):
        self.role, self._db = f"queue_reader_{db.name}", db
        told = ROLE_SQL.read_text(encoding="utf-8").replace("queue_reader", self.role).replace("CHANGE-ME", PASSWORD)
        made, self._granted = told.split(";\n", 1)
        db.query(made)
        self.dsn = db.dsn_through(db.cluster.host, db.cluster.port, self.role, PASSWORD)
        namespace.kubectl("create", "secret", "generic", SECRET, f"--from-literal={KEY}={self.dsn}?sslmode=disable")

    def may_read(self):
        """Grants it the view, once there is one."""
        self._db.query(self._granted)

    def connections(self):
        return self._db.scalar("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", self.role)


def worker_jobs(namespace):
    """All Jobs that KEDA has made, in order."""
    return [job for job in namespace.jobs() if "scaledjob.keda.sh/name" in job["metadata"]["labels"]]


def workers(namespace):
    """All their pods."""
    return [pod for job in worker_jobs(namespace) for pod in namespace.pods(job["metadata"]["name"])]


def at_work(namespace):
    return [job["metadata"]["name"] for job in worker_jobs(namespace) if not job["deleted"] and namespace.job_ended(job["metadata"]["name"]) is None]


def exit_codes(pods):
    return [pod.exit_code() for pod in pods]
