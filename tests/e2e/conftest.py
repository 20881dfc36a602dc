"""Fixtures: one cluster for all (run.sh has booted it); a namespace, a database and an API for each test."""

import itertools
import os
import pathlib
import re

import pytest

from harness.mockapi import MockApi
from harness.postgres import Postgres
from harness.pushgateway import Pushgateway
from harness.recovery import ROWS
from kube.cluster import HOST, NETWORK, Cluster
from kube.guide import Guide
from kube.keda import Keda
from kube.namespace import Namespace
from kube.release import Release

_numbers = itertools.count(1)
ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run what is marked slow too")


def pytest_collection_modifyitems(config, items):
    """What is left out is skipped, not deselected: -ra names it, with the reason."""
    for item in items:
        if (slow := item.get_closest_marker("slow")) and not config.getoption("--all"):
            item.add_marker(pytest.mark.skip(reason=f"only with --all: {slow.args[0]}"))


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test says what its namespace looked like."""
    outcome = yield
    report = outcome.get_result()
    if call.when == "call" and report.failed and "namespace" in getattr(item, "funcargs", {}):
        report.sections.append(("namespace", item.funcargs["namespace"].report()))


@pytest.fixture(scope="session")
def cluster():
    told = [os.environ.get(name) for name in ("PAGEHAUL_E2E_TOOLS", "PAGEHAUL_E2E_HELM", "KUBECONFIG")]
    if not all(told):
        pytest.fail("there is no cluster: `make e2e` boots one", pytrace=False)
    return Cluster(*told)


@pytest.fixture(scope="session")
def postgres():
    server = Postgres(HOST, NETWORK)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def db(postgres):
    database = postgres.create_database()
    yield database
    database.drop()


@pytest.fixture
def api(tmp_path):
    server = MockApi(ROOT / "build" / "dev" / "mockapi", tmp_path, address=HOST, rows=ROWS)
    yield server
    server.close()


@pytest.fixture
def pushgateway(tmp_path):
    gateway = Pushgateway(tmp_path, HOST)
    yield gateway
    gateway.close()


@pytest.fixture
def namespace(cluster, request):
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))
    held = Namespace(cluster, f"{name[:50].strip('-')}-{os.getpid()}-{next(_numbers)}")
    yield held
    held.close()


@pytest.fixture
def keda(namespace, cluster, tmp_path):
    operator = Keda(tmp_path, cluster, namespace)
    yield operator
    operator.close()


@pytest.fixture
def release(namespace, tmp_path, api, db):
    """Not installed yet: the test says how."""
    return Release(namespace, tmp_path, api.url, db.dsn)


@pytest.fixture
def guide(namespace, tmp_path):
    """The operator's guide, read in the folder in which `release` writes its files."""
    return Guide(namespace, tmp_path)
