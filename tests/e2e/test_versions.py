"""Two images whose programs know ledgers of different versions: upgraded to, rolled back from, and at work on one ledger.

`next` knows one version more, and serves those that do not (next/schema.cpp).
"""

import json

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import INCOMPLETE, OK, SIGTERM_EXIT, parse_log
from harness.pipeline import merge
from harness.recovery import assert_complete
from kube.midway import FEW, drain, start_midway

SERVED = "the ledger is newer than this program, and serves it"


def version(db):
    return db.scalar("SELECT max(version) FROM pagehaul.schema_version")


def tags(namespace, job):
    return [pod.image.rpartition(":")[2] for pod in namespace.pods(job)]


def pulls_all(release, namespace, name, api, db):
    """A run by hand with whatever image the release has now; its log."""
    namespace.create_job(release.cronjob, name)
    namespace.wait_job(name, "Complete")
    (pod,) = namespace.pods(name)
    assert (pod.exit_code("migrate"), pod.exit_code(), pod.message()["verdict"]) == (OK, OK, "succeeded")
    assert_complete(db, api)
    return parse_log(namespace.log(pod))


def served(log):
    return [(line["ledger_version"], line["known_version"]) for line in log if line["msg"] == SERVED]


def test_an_image_is_upgraded_and_rolled_back_and_the_ledger_stays(release, namespace, api, db):
    release.install()
    assert served(pulls_all(release, namespace, "before", api, db)) == []
    old = version(db)

    release.upgrade(tag="next")
    assert served(pulls_all(release, namespace, "upgraded", api, db)) == []
    assert version(db) == old + 1

    release.rollback(1)
    assert served(pulls_all(release, namespace, "rolled-back", api, db)) == [(old + 1, old)]
    assert version(db) == old + 1
    assert [tags(namespace, name) for name in ("before", "upgraded", "rolled-back")] == [["dev"], ["next"], ["dev"]]


def test_a_pipeline_stays_on_its_image_beside_another_on_a_newer_one(release, namespace, api, db):
    """Both of one release, and of one ledger."""
    other = merge(release.config, {"pipeline": "orders", "sink": {"table": "report.orders"}})
    release.others = {"orders": {**release.settings, "config": json.dumps(other)}}
    release.set(image={"tag": "dev"}).install(tag="next")

    namespace.create_job(release.cronjob.replace(release.pipeline, "orders"), "orders")
    namespace.wait_job("orders", "Complete")
    assert_table_equals_oracle(db, api, table="report.orders")
    new = version(db)
    assert served(pulls_all(release, namespace, "creatives", api, db)) == [(new, new - 1)]
    assert (tags(namespace, "orders"), tags(namespace, "creatives"), version(db)) == (["next"], ["dev"], new)


def test_a_running_jobs_next_pod_goes_on_with_its_image_on_a_ledger_that_was_upgraded_meanwhile(release, namespace, api, db):
    release.configure(FEW).set(backoffLimit=1)
    pod = start_midway(release, namespace, api, db)
    old = version(db)

    # The new image's first pod upgrades the ledger under the old one's run, and then leaves that alone.
    release.set(backoffLimit=0, ifBusy="fail").upgrade(tag="next")
    namespace.create_job(release.cronjob, "later")
    assert namespace.wait_exit("later").exit_code() == INCOMPLETE
    assert version(db) == old + 1
    namespace.kubectl("delete", "pod", pod.name, "--wait=false")
    drain(api, db)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [SIGTERM_EXIT, OK]
    assert (tags(namespace, "now"), tags(namespace, "later")) == (["dev", "dev"], ["next"])
    assert served(parse_log(namespace.log(namespace.pods("now")[1]))) == [(old + 1, old)]
    assert_complete(db, api)


def test_a_run_that_the_newer_image_began_is_finished_after_a_rollback(release, namespace, api, db):
    release.configure(FEW).set(backoffLimit=0).install()
    api.set(hold_after=12)
    release.upgrade(tag="next")
    namespace.create_job(release.cronjob, "newer")
    namespace.wait(lambda: db.page_states().get("done") == 12, 60, "12 pages are stored")
    namespace.kubectl("delete", "pod", namespace.wait_pod("newer").name, "--wait=false")
    drain(api, db)
    assert namespace.wait_exit("newer").exit_code() == SIGTERM_EXIT

    release.rollback(1)
    namespace.create_job(release.cronjob, "older")
    namespace.wait_job("older", "Complete")

    assert (tags(namespace, "newer"), tags(namespace, "older")) == (["next"], ["dev"])
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert_complete(db, api)
