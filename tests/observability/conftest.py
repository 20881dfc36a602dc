"""What the tests here share: the functional tests' fixtures, the alerts, and a Prometheus beside a Pushgateway."""

import pathlib
import re

import pytest
import yaml
from grafana import UIDS, Dashboard, Opened
from observed import RUNS, Observed

from harness.prometheus import Prometheus

pytest_plugins = ["harness.fixtures"]

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
GUIDE = ROOT / "deploy" / "README.md"


def all_rules():
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alert_rules():
    return [rule for rule in all_rules() if "alert" in rule]


def held_names():
    """What is handed on when its series have ended, pagehaul:NAME for pagehaul_NAME."""
    records = [rule["record"] for rule in all_rules() if "record" in rule]
    return [name for name in records if name not in ("pagehaul:held_until_timestamp_seconds", "pagehaul:pipelines")]


@pytest.fixture
def prometheus(pushgateway, tmp_path):
    """A Prometheus with our rules that scrapes the test's Pushgateway."""
    (directory := tmp_path / "prometheus").mkdir()
    server = Prometheus(directory, pushgateway.url, [RULES])
    yield server
    server.close()


# A choice of all, as Grafana makes it.
ALL = {"cluster": ".*", "namespace": ".*", "pipeline": ".*"}


@pytest.fixture(scope="session")
def observed(tmp_path_factory, _cluster, pagehaul_binary, mockapi_binary):
    _cluster.start()
    directory = tmp_path_factory.mktemp("observed")
    # Nobody waits four hours for what is overdue. A start has its slack (14400s): the Jobs here are a minute old, and some have failed.
    (rules := directory / "rules.yaml").write_text(re.sub(r"14400(?= +# slack)", "1", RULES.read_text(encoding="utf-8")), encoding="utf-8")
    seen = Observed(directory, _cluster, pagehaul_binary, mockapi_binary, [rules])
    yield seen
    seen.close()


def opened(observed, uid, chosen):
    return Opened(Dashboard(uid), observed.prometheus, observed.began, observed.ended, {"slack": "1", **chosen})


@pytest.fixture(scope="session")
def overview(observed):
    return opened(observed, UIDS[0], ALL)


@pytest.fixture(scope="session")
def pages(observed):
    """{run: its page}"""
    return {run.key: opened(observed, UIDS[1], {"cluster": "eu", "namespace": run.namespace, "pipeline": run.name}) for run in RUNS}
