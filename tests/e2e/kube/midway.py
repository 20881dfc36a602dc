"""A run halfway through, in a Job, and its clean end."""

from harness.recovery import done_pages, leftovers, release as answer_again
from harness.waiting import eventually

IN_FLIGHT = 4
# So that the run does not ask for all of its pages at once.
FEW = {"source": {"limits": {"concurrency": IN_FLIGHT}}}


def start_midway(release, namespace, api, db, answered=12):
    """Installs the release and runs it by hand until exactly `answered` pages are stored; the API holds all others. The Pod."""
    api.set(hold_after=answered)
    release.install()
    namespace.create_job(release.cronjob, "now")
    wait_midway(namespace, api, db, answered)
    return namespace.wait_pod("now")


def wait_midway(namespace, api, db, answered=12):
    namespace.wait(lambda: len(done_pages(db)) == answered, 60, f"{answered} pages are stored")
    api.wait(held=1, timeout=60)


def drain(api, db):
    """Once the pod has heard of its end (only what is in flight is leased still), the API answers again."""
    eventually(lambda: leftovers(db)["leased"] == IN_FLIGHT, 20, "claims that were not started go back")
    answer_again(api)
