"""KEDA's own operator starts workers by the length of the queue, and none when there is none. The Job of the run is one pod throughout."""

import json

import pytest

from harness.pagehaul import CREDENTIAL, OK
from harness.recovery import assert_complete
from kube.keda import Reader, at_work, exit_codes, worker_jobs, workers
from kube.midway import wait_midway
from kube.workers import scaling

# Each process has so many pages in flight, and as many as twice that claimed besides: enough are left for four of them.
EACH = 2
SMALL = {"run": {"workers": EACH}, "source": {"limits": {"concurrency": EACH}}}
STORED = 4


@pytest.fixture
def reader(namespace, db):
    return Reader(namespace, db)


@pytest.fixture
def midway(release, namespace, api, db, reader):
    """Installs the release so scaled and runs it by hand until STORED pages are stored; the API holds all others. Its pod."""

    def start(**settings):
        api.set(hold_after=STORED)
        release.configure(SMALL).set(scaling=scaling(**settings)).install()
        namespace.create_job(release.cronjob, "now")
        wait_midway(namespace, api, db, STORED)
        return namespace.wait_pod("now")

    return start


def test_workers_go_from_none_to_three_and_back_with_the_queue(midway, namespace, api, db, reader, keda):
    midway()
    # Whoever may not read the queue scales nothing, and says so.
    namespace.wait(lambda: keda.conditions().get("Ready") == "False", 60, "KEDA says that it cannot read the queue")
    assert worker_jobs(namespace) == []

    reader.may_read()
    api.wait(held=4 * EACH, timeout=90)
    assert len(at_work(namespace)) == 3
    assert 1 <= reader.connections() <= 4
    api.set(hold=False)
    namespace.wait_job("now", "Complete")
    keda.wait_asleep()

    assert exit_codes(namespace.pods("now")) == [OK]
    assert len(workers(namespace)) >= 3 and set(exit_codes(workers(namespace))) == {OK}
    assert api.stats()["max_in_flight"] == 4 * EACH
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert_complete(db, api)


def test_refused_credentials_end_the_workers_and_no_more_are_started(midway, namespace, api, db, reader, keda):
    midway(maxReplicas=2)
    reader.may_read()
    api.wait(held=3 * EACH, timeout=90)

    api.set(token="another", hold=False)
    namespace.wait_job("now", "Failed")
    keda.wait_asleep()

    assert exit_codes(namespace.pods("now")) == [CREDENTIAL]
    assert exit_codes(workers(namespace))[:2] == [CREDENTIAL, CREDENTIAL]
    # Two more at most, that were started between the last look at the queue and the end of these.
    assert len(workers(namespace)) <= 4 and set(exit_codes(workers(namespace))[2:]) <= {OK}
    assert db.query("SELECT * FROM pagehaul.queue_length") == []


def test_a_quota_that_refuses_workers_leaves_the_run_to_its_own_pod(midway, namespace, api, db, reader, keda):
    namespace.kubectl("create", "quota", "one", "--hard=pods=1")
    namespace.kubectl("wait", "--for=jsonpath={.status.hard.pods}=1", "--timeout=30s", "quota/one")
    midway(maxReplicas=2)
    reader.may_read()
    namespace.wait(lambda: len(worker_jobs(namespace)) == 2, 60, "KEDA has made Jobs")
    refused = lambda: namespace.kubectl("get", "events", "--field-selector=reason=FailedCreate", "--output=json").stdout
    namespace.wait(lambda: any("exceeded quota" in event["message"] for event in json.loads(refused())["items"]), 60, "a worker is refused")

    api.set(hold=False)
    namespace.wait_job("now", "Complete")

    assert exit_codes(namespace.pods("now")) == [OK]
    assert len(worker_jobs(namespace)) == 2
    assert_complete(db, api)
