"""KEDA's own operator starts those who pull by the messages that wait in a real RabbitMQ; the CronJob's Job plans, and waits for the verdict."""

import pytest

from harness.pagehaul import CREDENTIAL, OK
from harness.rabbitmq import RabbitMQ
from harness.recovery import assert_complete
from kube.cluster import HOST
from kube.keda import at_work, exit_codes, workers
from kube.workers import scaling

pytestmark = pytest.mark.xdist_group("rabbitmq")

# Each worker has so many pages in flight, and as many as twice that waiting for them: enough messages are left for three.
EACH = 2
SMALL = {"run": {"workers": EACH}, "source": {"limits": {"concurrency": EACH}}}
BROKER = "broker"


@pytest.fixture(scope="module")
def rabbitmq():
    node = RabbitMQ(host=HOST)
    yield node
    node.close()


@pytest.fixture
def three_at_work(release, namespace, api, rabbitmq, keda):
    """A run by hand whose planner pulls nothing. Of its pages the first is stored, and tells how many there are; all others are held."""
    # So few pages are a message each anyway: KEDA is to count them so.
    queue = {**rabbitmq.queue(), "url": "${BROKER_URL}", "pages_per_message": 1}
    namespace.kubectl("create", "secret", "generic", BROKER, f"--from-literal=BROKER_URL={rabbitmq.amqp}")
    api.set(hold_after=1)
    release.configure(SMALL).set(verb="enqueue", queue=queue, secret={"values": {"BROKER_URL": rabbitmq.amqp}}, scaling=scaling(
        trigger="rabbitmq", connection={"secretName": BROKER, "key": "BROKER_URL"})).install()
    assert at_work(namespace) == []
    namespace.create_job(release.cronjob, "now")
    api.wait(held=3 * EACH, timeout=150)
    assert len(at_work(namespace)) == 3
    # The node counts every five seconds.
    namespace.wait(lambda: (rabbitmq.waiting(queue) or 0) > 0, 30, "more messages wait")
    return queue


def test_workers_go_from_none_to_three_and_back_with_the_messages(three_at_work, namespace, api, db, keda):
    api.set(hold=False)
    namespace.wait_job("now", "Complete")
    keda.wait_asleep()

    assert exit_codes(namespace.pods("now")) == [OK]
    assert namespace.pods("now")[0].message()["verdict"] == "succeeded"
    # One more at most, for a message that nobody had read when the run was over.
    assert set(exit_codes(workers(namespace))) == {OK} and 3 <= len(workers(namespace)) <= 4
    assert api.stats()["max_in_flight"] == 3 * EACH
    assert db.query("SELECT id, state FROM pagehaul.run") == [(1, "succeeded")]
    assert_complete(db, api)


def test_refused_credentials_end_the_run_and_what_is_left_in_the_queue_starts_no_pods_for_ever(three_at_work, namespace, api, rabbitmq, keda):
    api.set(token="another", hold=False)
    namespace.wait_job("now", "Failed")
    namespace.wait(lambda: rabbitmq.waiting(three_at_work) == 0, 60, "no message waits")
    keda.wait_asleep()

    assert exit_codes(namespace.pods("now")) == [CREDENTIAL]
    assert exit_codes(workers(namespace))[:3] == [CREDENTIAL] * 3
    # Those that take the messages of the run that is over out of the queue.
    assert len(workers(namespace)) <= 6 and set(exit_codes(workers(namespace))[3:]) <= {OK}
