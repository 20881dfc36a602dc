"""Workers beside a Job of one pod. No KEDA is there: the tests make of the ScaledJob what it would."""

import pytest

from harness.pagehaul import CREDENTIAL, OK, SIGTERM_EXIT
from harness.recovery import assert_complete
from kube.midway import wait_midway
from kube.workers import leased, scaling, start_worker

# Each process has so many pages in flight, and claims twice as many besides.
EACH = 2
SMALL = {"run": {"workers": EACH}, "source": {"limits": {"concurrency": EACH}}}
STORED = 4


@pytest.fixture
def midway(release, namespace, api, db):
    """A run by hand of which STORED pages are stored; the API holds all others."""
    api.set(hold_after=STORED)
    release.configure(SMALL).set(scaling=scaling()).install()
    namespace.create_job(release.cronjob, "now")
    wait_midway(namespace, api, db, STORED)


def assert_ended_well(namespace, api, db, *workers):
    api.set(hold=False)
    namespace.wait_job("now", "Complete")
    assert [pod.exit_code() for pod in namespace.pods("now")] == [OK]
    for worker in workers:
        assert namespace.wait_exit(worker.job).exit_code() == OK
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert_complete(db, api)


def test_without_keda_the_one_pod_finishes(midway, namespace, api, db):
    assert_ended_well(namespace, api, db)


def test_a_worker_that_is_taken_away_is_drained_and_another_has_its_pages(midway, namespace, api, db):
    first = start_worker(namespace, "first")
    api.wait(held=2 * EACH, timeout=90)
    assert leased(db, first) >= EACH

    namespace.kubectl("delete", "pod", first.name, "--wait=false")
    assert namespace.wait_exit("first").exit_code() == SIGTERM_EXIT
    assert leased(db, first) == 0
    second = start_worker(namespace, "second")
    namespace.wait(lambda: leased(db, second) >= EACH, 60, "the next worker has pages")
    assert_ended_well(namespace, api, db, second)


def test_an_upgrade_midway_leaves_the_old_worker_at_work_and_a_new_one_joins(midway, release, namespace, api, db):
    old = start_worker(namespace, "old")
    api.wait(held=2 * EACH, timeout=90)

    release.upgrade(tag="next")
    new = start_worker(namespace, "new")
    api.wait(held=3 * EACH, timeout=90)

    images = [pod.image.rpartition(":")[2] for pod in (namespace.pods("now")[0], old, new)]
    assert images == ["dev", "dev", "next"]
    assert_ended_well(namespace, api, db, old, new)


def test_refused_credentials_end_the_workers_too_and_the_next_have_nothing_to_do(midway, namespace, api, db):
    first = start_worker(namespace, "first")
    api.wait(held=2 * EACH, timeout=90)

    api.set(token="another", hold=False)
    namespace.wait_job("now", "Failed")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [CREDENTIAL]
    assert namespace.wait_exit(first.job).exit_code() == CREDENTIAL
    assert db.query("SELECT * FROM pagehaul.queue_length") == []
    assert namespace.wait_exit(start_worker(namespace, "next").job).exit_code() == OK
