"""queue_overhead: what is left of the ledger's own pace where a broker tells workers of pages."""

import contextlib
import dataclasses
import importlib.util
import statistics
import sys

from . import contenders
from .bench import Value
from .mock import Mock

ROWS = 3_000_000  # some ten seconds: to be let in by a broker is no part of the pace
MIN_PAIRS = 5
# One package of this name is loaded already: ours.
_FUNCTIONAL = "functional_harness"


def overhead(bench, _keys):
    """Rows a second with the broker over those with the ledger, pair by pair; who goes first alternates."""
    ratios = {}
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        ledger = contenders.pagehaul(bench.new_directory(), mock.url, bench.cluster.dsn)
        for kind, server in (("rabbitmq", _rabbitmq), ("kafka", _kafka), ("sqs", _sqs)):
            with contextlib.closing(server()) as broker:
                ratios[kind] = _pairs(bench, mock, kind, ledger, _over(bench, mock, broker))
    each = {kind: statistics.median(found) for kind, found in ratios.items()}
    least = min(each, key=each.get)
    note = ", ".join(f"{kind} {ratio:.3f}" for kind, ratio in each.items())
    return {"queue_overhead": Value(each[least], tuple(ratios[least]), note)}, []


def _pairs(bench, mock, kind, ledger, brokered):
    def pace(contender):
        return ROWS / bench.pull(contender, mock, ROWS).seconds

    # The machine warms up, and the queue is there afterwards, as all nights but the first find it.
    for contender in (ledger, brokered):
        pace(contender)
    ratios = []
    for pair in range(max(bench.rounds, MIN_PAIRS)):
        without = pace(ledger) if pair % 2 == 0 else None
        having = pace(brokered)
        without = without or pace(ledger)
        ratios.append(having / without)
        bench.say(f"  {kind:8}  pair {pair + 1}  {without:9.0f} rows/s with the ledger, {having:9.0f} with the broker: {ratios[-1]:.3f}")
    return ratios


def _over(bench, mock, broker):
    queue, env = broker.queue(), dict(getattr(broker, "env", {}))
    if queue["type"] == "rabbitmq":
        env["BROKER_URL"] = queue["url"]
        queue = {**queue, "url": "${BROKER_URL}"}
    contender = contenders.pagehaul(bench.new_directory(), mock.url, bench.cluster.dsn, queue=queue)
    return dataclasses.replace(contender, env={**contender.env, **env})


def _module(name):
    """Of the functional tests, who know how to start brokers."""
    if _FUNCTIONAL not in sys.modules:
        folder = contenders.ROOT / "tests" / "functional" / "harness"
        spec = importlib.util.spec_from_file_location(_FUNCTIONAL, folder / "__init__.py", submodule_search_locations=[str(folder)])
        sys.modules[_FUNCTIONAL] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[_FUNCTIONAL])
    return importlib.import_module(f"{_FUNCTIONAL}.{name}")


def _rabbitmq():
    return _module("rabbitmq").RabbitMQ()


def _kafka():
    return _module("kafka").Kafka()


def _sqs():
    return _module("sqs").ElasticMQ(keeps=False, brief=False)
