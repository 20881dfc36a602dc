"""Commands of the pages in deploy that need no cluster, as they stand there, on real servers. tests/tree sees to it that none is left out."""

import contextlib
import re

import pytest
import yaml

from harness import commands
from harness.http import request
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CREDENTIAL
from harness.pushgateway import Pushgateway
from harness.waiting import eventually

GATEWAY = "http://pushgateway:9091"


def push(gateway, group):
    assert request("POST", f"{gateway.url}/metrics/job/pagehaul{group}", body=b"pagehaul_last_success_timestamp_seconds 1\n")[0] == 200


def test_the_group_of_a_pipeline_is_deleted_with_its_namespace_or_without_and_no_other(pushgateway):
    for group in ("/pipeline/orders", "/namespace/data/pipeline/orders", "/namespace/other/pipeline/orders", "/pipeline/stock"):
        push(pushgateway, group)
    commands.run("deploy/metrics.md", "The Pushgateway", 2, fills={GATEWAY: pushgateway.url, "NAMESPACE": "data", "NAME": "orders"})
    # A gateway deletes when it comes to it.
    left = {("other", "orders"), (None, "stock")}
    eventually(lambda: {(group["labels"].get("namespace"), group["labels"]["pipeline"]) for group in pushgateway.groups()} == left, 20, "they are gone")


def test_a_gateway_with_the_arguments_of_the_guide_remembers_what_it_was_told(tmp_path):
    """Its pod is deleted, that is told to end, and another one comes up on the same volume."""
    install = commands.block("deploy/metrics.md", "The Pushgateway").text
    values = yaml.safe_load(re.search(r"<<'VALUES'\n(.*?)^VALUES$", install, re.M | re.S)[1])
    arguments = [argument.replace("/data/", f"{tmp_path}/") for argument in values["extraArgs"]]
    assert values["persistentVolume"]["enabled"] and f"--persistence.file={tmp_path}/pushgateway.data" in arguments
    with contextlib.closing(Pushgateway(tmp_path, arguments=arguments)) as gateway:
        push(gateway, "/pipeline/orders")
    with contextlib.closing(Pushgateway(tmp_path, arguments=arguments)) as gateway:
        assert gateway.value("pagehaul_last_success_timestamp_seconds") == 1


@pytest.mark.xdist_group("rabbitmq")
def test_a_role_that_may_make_no_queue_has_a_run_over_queues_made_by_hand(pagehaul, rabbitmq, api, db, tmp_path):
    """As the page has it: a quorum queue with a delivery limit, and one for dead letters. The role gets the page's rights and no more."""
    for name, more in (("pagehaul.by_hand.dead", {}), ("pagehaul.by_hand", {
            "x-delivery-limit": 20, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "pagehaul.by_hand.dead"})):
        rabbitmq.declare_queue(name, arguments={"x-queue-type": "quorum", **more})
    password = "as2and4"
    commands.run("deploy/queues.md", "RabbitMQ", fills={"…": password}, path=["/usr/lib/rabbitmq/bin"], env=rabbitmq.control, cwd=tmp_path)
    pagehaul.env["BROKER_URL"] = rabbitmq.amqp.replace("guest:guest", f"pagehaul:{password}")
    pagehaul.configure(queue={"type": "rabbitmq", "url": "${BROKER_URL}", "name": "pagehaul.by_hand"})
    result = pagehaul.succeed()
    assert_table_equals_oracle(db, api)
    assert not [line for line in result.log if "the broker is away" in line["msg"]]
    result = pagehaul.configure(queue={"name": "pagehaul.not_there"}).run()
    assert result.code == CREDENTIAL and "declaring the queue pagehaul.not_there.dead" in result.stderr, str(result)
