"""A namespace of one test: its Jobs and pods, as they are and as they were."""

import json

from harness.waiting import eventually

# Kubernetes' own back-off before a Job's second pod is 10 s.
NEXT_POD = 60
POLL = 0.1


class Pod:
    def __init__(self, held):
        self.name, self.uid = held["metadata"]["name"], held["metadata"]["uid"]
        self.job = held["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name")
        self.job_uid = held["metadata"].get("labels", {}).get("batch.kubernetes.io/controller-uid")
        self.image = held["spec"]["containers"][0]["image"]
        self.address = held["status"].get("podIP")
        self.deleted = held["deleted"]
        # When it must be gone: the grace period is in it.
        self.deletion = held["metadata"].get("deletionTimestamp")
        self.phase = held["status"].get("phase")
        self.conditions = {c["type"]: c for c in held["status"].get("conditions", [])}
        self._containers = {c["name"]: c for kind in ("initContainerStatuses", "containerStatuses")
                            for c in held["status"].get(kind, [])}

    def ended(self, container="run"):
        """How that container ended: {exitCode, reason, message, startedAt, finishedAt}; None before it has."""
        return self._containers.get(container, {}).get("state", {}).get("terminated")

    def exit_code(self, container="run"):
        """None before it has ended."""
        return (self.ended(container) or {}).get("exitCode")

    def running(self, container="run"):
        """That container's ID while it runs; None before and after."""
        held = self._containers.get(container, {})
        return held["containerID"].removeprefix("containerd://") if "running" in held.get("state", {}) else None

    def message(self, container="run"):
        """The termination message, parsed."""
        return json.loads(self.ended(container)["message"])

    def __repr__(self):
        states = {name: c.get("state") for name, c in self._containers.items()}
        return f"{self.name}: {self.phase} {states} {sorted(self.conditions)}{' deleted' if self.deleted else ''}"


class Namespace:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        # Every test's pods are admitted by the strictest of Kubernetes' standards, or not at all.
        cluster.kubectl("create", "--filename", "-", stdin=json.dumps({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {
                "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}}}))
        self._pods = cluster.watch(f"/api/v1/namespaces/{name}/pods")
        self._jobs = cluster.watch(f"/apis/batch/v1/namespaces/{name}/jobs")

    def kubectl(self, *args, **options):
        return self.cluster.kubectl("--namespace", self.name, *args, **options)

    def close(self):
        self._pods.close()
        self._jobs.close()
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false")

    def create_job(self, cronjob, name):
        """A run by hand, as the operator's guide has it."""
        self.kubectl("create", "job", f"--from=cronjob/{cronjob}", name)

    def jobs(self):
        return self._jobs.objects()

    def job(self, name):
        """As it is, or was before it was deleted."""
        return next((job for job in reversed(self.jobs()) if job["metadata"]["name"] == name), None)

    def job_ended(self, name):
        """("Complete" or "Failed", the reason); None before it has."""
        for condition in (self.job(name) or {}).get("status", {}).get("conditions", []):
            if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
                return condition["type"], condition.get("reason", "")
        return None

    def pods(self, job):
        """All that the Job has ever had, in order."""
        return [pod for pod in map(Pod, self._pods.objects()) if pod.job == job]

    def wait(self, predicate, timeout, what):
        """Like eventually(), at a pace that suits a cluster."""
        return eventually(predicate, timeout, what, POLL)

    def wait_job(self, name, ended, timeout=90):
        """Until the Job has ended, and so."""
        assert self.wait(lambda: self.job_ended(name), timeout, f"{name} ends")[0] == ended, self.describe(name)

    def wait_pod(self, job, number=1, timeout=NEXT_POD):
        """Until the Job's number-th pod is there."""
        return self.wait(lambda: (self.pods(job)[number - 1:] or [None])[0], timeout, f"{job} has its pod {number}")

    def wait_running(self, job, number=1, container="run", timeout=NEXT_POD):
        """Until that container of the Job's number-th pod runs; the Pod."""
        self.wait(lambda: self.wait_pod(job, number, timeout).running(container), timeout, f"{container} of {job}'s pod {number} runs")
        return self.pods(job)[number - 1]

    def wait_exit(self, job, number=1, container="run", timeout=NEXT_POD):
        """Until that container of the Job's number-th pod has ended; the Pod."""
        self.wait(lambda: self.wait_pod(job, number, timeout).exit_code(container) is not None, timeout,
                  f"{container} of {job}'s pod {number} ends")
        return self.pods(job)[number - 1]

    def log(self, pod, container="run"):
        return self.kubectl("logs", pod.name, "--container", container).stdout

    def describe(self, job):
        return f"{job}: {self.job_ended(job)}, {self.pods(job)}"

    def report(self):
        """For a test that failed."""
        parts = [repr(Pod(held)) for held in self._pods.objects()]
        parts += [self.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False).stdout]
        for held in self._pods.objects():
            if not held["deleted"]:
                parts += [f"--- log of {held['metadata']['name']}",
                          self.kubectl("logs", held["metadata"]["name"], "--all-containers", "--tail=40", check=False).stdout]
        return "\n".join(parts)
