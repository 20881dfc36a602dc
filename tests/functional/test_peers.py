"""Processes of one run that hinder each other: what one holds, or is taken to be, never becomes another's failure."""

import pytest

from harness.pagehaul import OK
from harness.recovery import RESUME, ROWS, release, start_midway

pytestmark = pytest.mark.kill_stop

SMALL = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


def test_a_process_that_was_stopped_does_not_have_the_last_word_about_a_run_that_succeeded(pagehaul, api, db):
    # Behind a pooler no backend tells that it has stopped: nobody ends what it is about to say.
    pagehaul.configure(SMALL, run={"drain": "1s", "stale": "60s"}, sink={"pgbouncer": True})
    stopped = start_midway(pagehaul, api, db, answered=5, env={**RESUME, "PAGEHAUL_FAULT": "settle.read:1:stop"})
    stopped.terminate()
    stopped.wait_stopped(60)
    release(api)
    pagehaul.succeed(env=RESUME)

    stopped.thaw()

    assert stopped.result().code == OK, "the run's verdict is its processes'"
    told = pagehaul.succeed("status", "--json").json["runs"][0]
    assert (told["state"], told["verdict"]["verdict"]) == ("succeeded", "succeeded")
