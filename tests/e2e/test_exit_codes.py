"""What the Job makes of an exit code: fail at once, or try again."""

import pytest

from harness.pagehaul import CONFIG, CREDENTIAL, OK, UNAVAILABLE
from harness.pipeline import TABLE
from harness.recovery import assert_complete


def assert_nothing_stored(db):
    assert not db.relation_exists(TABLE) or db.scalar(f"SELECT count(*) FROM {TABLE}") == 0


@pytest.mark.parametrize("migrate, container", [(True, "migrate"), (False, "run")])
def test_a_bad_config_fails_the_job_at_once(release, namespace, api, db, migrate, container):
    release.configure(sink={"no_such_key": 1}).set(migrate={"enabled": migrate}).install()

    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Failed")

    assert namespace.job_ended("now") == ("Failed", "PodFailurePolicy")
    (pod,) = namespace.pods("now")
    assert pod.exit_code(container) == CONFIG
    assert "no_such_key" in pod.ended(container)["message"]
    assert api.log() == []
    assert_nothing_stored(db)


def test_refused_credentials_fail_the_job_at_once(release, namespace, api, db):
    api.set(token="another")
    release.install()

    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Failed")

    assert namespace.job_ended("now") == ("Failed", "PodFailurePolicy")
    assert [pod.exit_code() for pod in namespace.pods("now")] == [CREDENTIAL]
    assert not any(request["auth_ok"] for request in api.log())
    assert_nothing_stored(db)


def test_an_api_that_is_away_is_tried_again_by_the_next_pod(release, namespace, api, db):
    api.set(down=True)
    release.configure(run={"patience": "1s"}).install()

    namespace.create_job(release.cronjob, "now")
    assert namespace.wait_exit("now").exit_code() == UNAVAILABLE
    api.set(down=False)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [UNAVAILABLE, OK]
    assert_complete(db, api)
