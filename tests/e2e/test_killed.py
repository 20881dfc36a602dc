"""Pods that end without a word: the Job's next pod goes on with what is missing."""

import pytest

from harness.pagehaul import OK
from harness.recovery import assert_asked_only, assert_complete, missing_pages, release as answer_again, wait_backends_gone
from kube.midway import FEW, start_midway
from kube.node import exhaust_memory, kill

KILLED = 137
LIMIT = 64 << 20


@pytest.mark.parametrize(("strike", "reason"), [(kill, "Error"), (lambda pod: exhaust_memory(pod, LIMIT), "OOMKilled")], ids=["sigkill", "oom"])
def test_the_next_pod_resumes(release, namespace, api, db, strike, reason):
    release.configure(FEW).set(resources={"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}})
    start_midway(release, namespace, api, db)

    strike(namespace.wait_running("now"))
    pod = namespace.wait_exit("now")
    assert (pod.exit_code(), pod.ended()["reason"]) == (KILLED, reason), pod
    wait_backends_gone(db)
    missing = missing_pages(db)
    answer_again(api)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [KILLED, OK]
    assert namespace.job("now")["status"]["failed"] == 1
    assert_asked_only(api, missing)
    assert_complete(db, api)
