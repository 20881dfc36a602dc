"""One real API that nobody here wrote: RabbitMQ's management API, its queues pulled with the example pipeline."""

import concurrent.futures
import json
import pathlib

import pytest

from harness.http import get_json
from harness.pagehaul import OK

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "examples" / "rabbitmq_queues.yaml"
QUEUES = 1200

pytestmark = pytest.mark.xdist_group("rabbitmq")


@pytest.fixture
def queues(rabbitmq):
    """Exactly 1,200 queues, as the API itself tells their number."""
    for stray in get_json(f"{rabbitmq.url}/api/queues", auth=(rabbitmq.user, rabbitmq.password), timeout=30):
        rabbitmq.delete_queue(stray["name"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: rabbitmq.declare_queue(f"queue-{n:04}", arguments={"x-max-length": n}), range(QUEUES)))
    told = get_json(f"{rabbitmq.url}/api/queues?page=1&page_size=100", auth=(rabbitmq.user, rabbitmq.password))
    assert told["filtered_count"] == QUEUES
    return rabbitmq


def test_1200_queues_of_a_real_broker_are_stored_and_proven(queues, pagehaul_for, db):
    runner = pagehaul_for(db=db)
    runner.env.update(RABBITMQ_USER=queues.user, RABBITMQ_PASSWORD=queues.password)
    result = runner.run_raw("run", "-c", EXAMPLE, "--set", f"source.base_url={queues.url}")
    assert result.code == OK, str(result)
    summary = json.loads(result.stderr.splitlines()[-1])
    assert (summary["verdict"], summary["proof"], summary["pages_done"]) == ("succeeded", "counts", 12)
    stored = db.query("SELECT vhost, name, durable, arguments FROM broker.queue ORDER BY name")
    assert stored == [("/", f"queue-{n:04}", True, {"x-max-length": n}) for n in range(QUEUES)]
