"""A Job by hand beside one of the schedule, which is still at work."""

import pytest

from harness.pagehaul import INCOMPLETE, OK
from harness.recovery import PAGES, assert_asked_only, assert_complete, done_pages
from kube.midway import wait_midway

STORED = 12


@pytest.fixture
def scheduled(release, namespace, api, db):
    """The schedule's Job, of which STORED pages are stored; no other will start, and the API holds the other pages."""
    api.set(hold_after=STORED)
    release.set(schedule="@every 2s", backoffLimit=0).install()
    (job,) = namespace.wait(namespace.jobs, 60, "a Job of the schedule is there")
    wait_midway(namespace, api, db, STORED)
    release.set(suspend=True).upgrade()
    return job["metadata"]["name"]


def assert_touched_nothing(api, db, asked):
    assert len(api.log()) == asked and len(done_pages(db)) == STORED
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "running")]


def assert_scheduled_ends_well(namespace, api, db, scheduled):
    api.set(hold=False)
    namespace.wait_job(scheduled, "Complete")
    assert_asked_only(api, range(1, PAGES + 1))
    assert_complete(db, api)


def test_it_fails_and_touches_nothing(scheduled, guide, namespace, api, db):
    asked = len(api.log())
    guide.run("Beside a run that is at work", fills={"--if-busy=skip": "--if-busy=fail"})
    namespace.wait_job("creative-skips", "Failed")

    (pod,) = namespace.pods("creative-skips")
    assert pod.exit_code() == INCOMPLETE
    assert "holds the pipeline" in pod.message()["reason"] and namespace.pods(scheduled)[0].name in pod.message()["reason"]
    assert_touched_nothing(api, db, asked)
    assert_scheduled_ends_well(namespace, api, db, scheduled)


def test_it_skips_and_touches_nothing(scheduled, guide, namespace, api, db):
    asked = len(api.log())
    guide.run("Beside a run that is at work")
    namespace.wait_job("creative-skips", "Complete")

    (pod,) = namespace.pods("creative-skips")
    assert (pod.exit_code(), pod.message()["verdict"]) == (OK, "skipped")
    assert_touched_nothing(api, db, asked)
    assert_scheduled_ends_well(namespace, api, db, scheduled)


def test_it_waits_unless_told_and_then_pulls(scheduled, release, namespace, api, db):
    asked, name = len(api.log()), "waits"
    namespace.create_job(release.cronjob, name)
    pod = namespace.wait_pod(name)
    namespace.wait(lambda: namespace.pods(name)[0].running() and "holds the pipeline" in namespace.log(pod), 60, "it says whose end it waits for")
    assert_touched_nothing(api, db, asked)

    api.set(hold=False)
    for job in (scheduled, name):
        namespace.wait_job(job, "Complete")
    (pod,) = namespace.pods(name)
    assert (pod.exit_code(), pod.message()["verdict"], pod.message()["run"]) == (OK, "succeeded", 2)
    assert db.query("SELECT id, state FROM pagehaul.run ORDER BY id") == [(1, "succeeded"), (2, "succeeded")]
    assert sorted(api.pages_asked()) == sorted([*range(1, PAGES + 1), 1] * 2)
    assert_complete(db, api)
