"""helm test, upgrade, rollback, uninstall."""

import re

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK, SIGTERM_EXIT
from harness.pipeline import TABLE
from harness.recovery import assert_complete
from kube.midway import FEW, drain, start_midway

# What Kubernetes itself puts into every namespace, and events.
ITS_OWN = {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def objects(namespace):
    """KIND/NAME of all objects but events."""
    kinds = namespace.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name").stdout.split()
    listed = ",".join(kind for kind in kinds if not kind.startswith("events"))
    return set(namespace.kubectl("get", listed, "--output=name").stdout.split())


def test_helm_test_checks_what_a_run_needs(release, namespace):
    release.install()
    assert re.search(r"Phase:\s+Succeeded", release.test().stdout)


def test_helm_test_fails_where_a_run_would(release, namespace, api):
    api.set(token="another")
    release.install()

    assert release.test(check=False).returncode != 0

    log = namespace.kubectl("logs", f"{release.cronjob}-check").stdout
    assert "401" in log, log


def test_upgrades_and_a_rollback_leave_a_running_job_its_config(release, namespace, api, db):
    release.configure(FEW)
    pod = start_midway(release, namespace, api, db)

    # There and back: the Job's own config is not among the newest any more.
    for table in ("report.b", "report.c", TABLE, "report.d"):
        release.configure(sink={"table": table}).upgrade()
    release.rollback(3)
    # The Job's next pod is made now, and mounts the config that the first one had.
    namespace.kubectl("delete", "pod", pod.name, "--wait=false")
    drain(api, db)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [SIGTERM_EXIT, OK]
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert_complete(db, api)
    namespace.create_job(release.cronjob, "later")
    namespace.wait_job("later", "Complete")
    assert_table_equals_oracle(db, api, table="report.c")
    assert not db.relation_exists("report.b") and not db.relation_exists("report.d")


def test_uninstall_leaves_nothing_but_the_data(release, namespace, api, db):
    release.install()
    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")
    release.configure(run={"patience": "30s"}).upgrade()
    release.test()

    release.uninstall()

    namespace.wait(lambda: not objects(namespace) - ITS_OWN, 60, "Helm's objects, and what they own, are gone")
    assert db.relation_exists(TABLE)
    assert_complete(db, api)
