"""Runs from the chart: by schedule, by hand, in little space."""

import pytest

from harness.ending import assert_ledger_consistent
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK, parse_log
from harness.recovery import PAGES, ROWS, assert_asked_only, assert_complete

EVERY_PAGE = range(1, PAGES + 1)


def run_keys(db):
    return {key for key, in db.query("SELECT key FROM pagehaul.run_key")}


def test_a_job_by_hand_pulls_everything_and_says_so(release, namespace, api, db, pushgateway):
    release.configure(telemetry={"pushgateway": {"url": pushgateway.url}}).install()

    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")

    (pod,) = namespace.pods("now")
    assert (pod.exit_code("migrate"), pod.exit_code()) == (OK, OK)
    told = pod.message()
    assert (told["verdict"], told["rows_stored"], told["pages_open"]) == ("succeeded", ROWS, 0)
    assert run_keys(db) == {pod.job_uid}
    assert_asked_only(api, EVERY_PAGE)
    assert_complete(db, api)
    assert_ledger_consistent(db)
    assert pushgateway.value("pagehaul_last_run_exit_code") == OK


@pytest.mark.slow("a schedule counts in minutes: it waits for the next one")
def test_the_schedule_fires(release, namespace, api, db):
    release.set(schedule="* * * * *").install()

    # Up to a minute until it is due.
    (job,) = namespace.wait(namespace.jobs, 90, "a Job of the schedule is there")
    release.set(suspend=True).upgrade()
    name = job["metadata"]["name"]
    namespace.wait_job(name, "Complete")

    assert job["metadata"]["ownerReferences"][0]["name"] == release.cronjob
    assert [pod.exit_code() for pod in namespace.pods(name)] == [OK]
    assert_complete(db, api)


def test_half_a_core_and_64_mib_size_the_run_and_are_enough(release, namespace, api, db):
    api.set(rows=20_000)
    release.set(resources={"limits": {"cpu": "500m", "memory": "64Mi"}}).install()

    namespace.create_job(release.cronjob, "now")
    pod = namespace.wait_exit("now", timeout=120)

    assert (pod.exit_code(), pod.ended()["reason"]) == (OK, "Completed"), pod
    lines = parse_log(namespace.log(pod))
    start = next(line for line in lines if line["msg"] == "start")
    assert (float(start["cpus"]), int(start["memory"])) == (0.5, 64 << 20)
    assert int(start["byte_budget"]) < 32 << 20 and int(start["writers"]) == 1
    assert len(namespace.pods("now")) == 1
    assert_table_equals_oracle(db, api)
