"""Fixtures: each test gets a fresh database, and servers only when it names them."""

import os
import pathlib

import pytest

from . import container
from .asked_api import AskedApi
from .certificates import Authority
from .front import Front
from .kafka import Kafka
from .mockapi import MockApi
from .pagehaul import Pagehaul
from .postgres import PASSWORD, Postgres
from .process import marked_processes
from .proxy import Proxy
from .pushgateway import Pushgateway
from .rabbitmq import RabbitMQ
from .sqs import ElasticMQ

ROOT = pathlib.Path(__file__).resolve().parents[3]


def _binary(variable, name):
    path = pathlib.Path(os.environ.get(variable, ROOT / "build" / "dev" / name))
    if not path.exists():
        pytest.fail(f"{path} does not exist: `make build` builds it; {variable} names another", pytrace=False)
    return path.resolve()


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remembers how the test's body ended, for fixtures that complain only about tests that passed."""
    outcome = yield
    if call.when == "call":
        item.passed = outcome.get_result().passed


@pytest.fixture(scope="session", autouse=True)
def _nothing_leaks():
    """Torn down after the session's servers, which name it for that: then nothing of this worker may still run."""
    yield
    leaked = marked_processes()
    assert not leaked, f"leaked processes: {leaked}"


@pytest.fixture(scope="session")
def mockapi_binary():
    """Optimised in every preset, so the dev build's serves the sanitizer runs too."""
    return _binary("MOCKAPI_BINARY", "mockapi")


@pytest.fixture(scope="session")
def pagehaul_binary():
    return _binary("PAGEHAUL_BINARY", "pagehaul")


@pytest.fixture(scope="session")
def _cluster(_nothing_leaks):
    cluster = Postgres()
    yield cluster
    cluster.close()


@pytest.fixture
def postgres(_cluster):
    """The running PostgreSQL server of this worker. A test may stop, restart or pause it."""
    if _cluster.running:
        _cluster.resume()
    _cluster.start()
    return _cluster


@pytest.fixture
def db(postgres):
    """A fresh, empty database."""
    database = postgres.create_database()
    yield database
    if postgres.running:
        postgres.resume()
        database.drop()


@pytest.fixture
def role(db):
    """The name of a role that may log in (with the harness's password) and nothing else; gone with the test."""
    name = "puller_" + db.name
    db.query(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    db.query(f"DROP OWNED BY {name} CASCADE")
    db.query(f"DROP ROLE {name}")


@pytest.fixture
def proxy(postgres):
    """A TCP proxy in front of PostgreSQL; use db.dsn_through(proxy.host, proxy.port)."""
    gate = Proxy(postgres.host, postgres.port)
    yield gate
    gate.close()


@pytest.fixture
def mock_api(mockapi_binary, tmp_path):
    """A function: mock_api(rows=1000, latency="50ms", …) starts a mock API and returns it."""
    started = []

    def start(**flags):
        started.append(MockApi(mockapi_binary, tmp_path, name=f"mockapi-{len(started) + 1}", **flags))
        return started[-1]

    yield start
    for api in started:
        api.close()


@pytest.fixture
def api(mock_api):
    """The mock API with its defaults: 1,000 rows, no latency, no faults; change it with api.set(…)."""
    return mock_api()


@pytest.fixture
def pushgateway(tmp_path):
    gateway = Pushgateway(tmp_path)
    yield gateway
    gateway.close()


@pytest.fixture
def front():
    """A function: front(url, authorization=…, tls=…) puts a server in front of the one at this URL."""
    started = []

    def start(target, **options):
        started.append(Front(target, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def rabbitmq(_nothing_leaks):
    """A RabbitMQ node with its management API, started by the first test that asks for it."""
    node = RabbitMQ()
    yield node
    node.close()


@pytest.fixture(scope="session")
def sqs(_nothing_leaks):
    """ElasticMQ, started by the first test that asks for it. A test that stops it starts it again."""
    server = ElasticMQ()
    yield server
    server.close()


@pytest.fixture(scope="session")
def _kafka(_nothing_leaks, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("kafka"), "kafka")
    broker = Kafka(authority.certify("localhost"))
    broker.ca = authority.ca
    yield broker
    broker.close()


@pytest.fixture
def kafka(_kafka):
    """The running Kafka broker of this worker, started by the first test that asks for it. A test may kill it."""
    _kafka.start()
    return _kafka


@pytest.fixture
def pagehaul_for(pagehaul_binary, tmp_path, request):
    """A function: pagehaul_for(api, db) makes the runner of one pipeline."""
    runners = []

    def make(api=None, db=None):
        directory = tmp_path / f"pagehaul-{len(runners) + 1}"
        directory.mkdir()
        runners.append(Pagehaul(pagehaul_binary, directory, api, db))
        return runners[-1]

    yield make
    problems = "\n".join(filter(None, (runner.problems() for runner in runners)))
    # A failed test has left its processes wherever it stood; its own failure is what counts.
    if problems and (getattr(request.node, "passed", False) or "anitizer" in problems):
        pytest.fail(problems, pytrace=False)


@pytest.fixture
def pulling(db, pagehaul_for):
    """A function: pulling(answer, **source) starts an API that answers so, and gives it and a runner of `id` and `v` out of it."""
    apis = []

    def start(answer, columns=(), key=("id",), **source):
        api = AskedApi(answer)
        apis.append(api)
        runner = pagehaul_for(None, db)
        runner.pipeline["source"] = {"base_url": api.url, "request": {"path": "/rows"}, "pagination": {"type": "none"}, "records": "",
                                     "retry": {"attempts": 3, "base": "10ms", "max": "100ms"}, **source}
        runner.configure(sink={"key": list(key), "columns": [{"name": "id", "type": "bigint"}, *columns]})
        return api, runner

    yield start
    for api in apis:
        api.close()


@pytest.fixture
def pagehaul(pagehaul_for, api, db):
    """The runner of the default pipeline: `api` into `db`."""
    return pagehaul_for(api, db)


@pytest.fixture(scope="session")
def containers(tmp_path_factory):
    """Skips the test, with the reason, where no container with cgroup limits can run."""
    if reason := container.why_not(tmp_path_factory.mktemp("probe")):
        pytest.skip(reason)
    return container
