"""TLS on both sides: whom pagehaul trusts, and that it speaks to nobody else."""

import contextlib
import os
import pwd
import shutil
import socket

import pytest

from harness.certificates import Authority, server_with
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, UNAVAILABLE
from harness.postgres import Postgres
from harness.recorder import Recorder
from harness.waiting import eventually

pytestmark = pytest.mark.security


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("trusted"), "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture
def to_https(pagehaul, api, front, trusted):
    """A function: to_https(tls) puts the API behind that TLS server; pagehaul trusts `trusted` alone."""
    def configure(tls):
        secure = front(api.url, tls=tls)
        pagehaul.configure(source={"base_url": secure.url}, run={"patience": "1s"})
        pagehaul.env["SSL_CERT_FILE"] = trusted.ca
        return secure

    return configure


def test_an_https_api_of_a_trusted_authority_is_pulled(to_https, pagehaul, api, db, trusted):
    secure = to_https(trusted.server())
    assert "https://localhost" in pagehaul.succeed("check").stdout
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)
    assert secure.forwarded >= 12


# Certificates that show nothing, and what libpq says of each; libcurl says "certificate" of all.
BAD = {
    "stranger's": (lambda trusted, stranger: stranger.certify("localhost"), "certificate verify failed"),
    "another host's": (lambda trusted, stranger: trusted.certify("elsewhere.test"), "elsewhere.test"),
    "expired": (lambda trusted, stranger: trusted.certify("localhost", days=-1), "certificate verify failed"),
    "its own": (lambda trusted, stranger: trusted.self_signed("localhost"), "certificate verify failed"),
    "a client's": (lambda trusted, stranger: trusted.certify("localhost", usage="clientAuth"), "certificate verify failed"),
    "a longer name's": (lambda trusted, stranger: trusted.certify("localhost.evil.test"), "localhost.evil.test"),
}


@pytest.mark.parametrize("verb", ["check", "plan", "run"])
@pytest.mark.parametrize("whose", BAD)
def test_an_https_api_that_cannot_show_who_it_is_hears_nothing(to_https, pagehaul, api, trusted, stranger, whose, verb):
    secure = to_https(server_with(BAD[whose][0](trusted, stranger)))
    result = pagehaul.run(verb)
    assert result.code == UNAVAILABLE, str(result)
    assert "certificate" in result.stdout + result.stderr
    assert secure.forwarded == 0 and api.log() == []


@pytest.mark.parametrize("whose", BAD)
def test_a_gateway_and_a_collector_that_cannot_show_who_they_are_hear_nothing(pagehaul, api, db, front, trusted, stranger, whose):
    with contextlib.closing(Recorder()) as taken:
        behind = front(taken.url, tls=server_with(BAD[whose][0](trusted, stranger)))
        pagehaul.env["SSL_CERT_FILE"] = trusted.ca
        pagehaul.configure(telemetry={"pushgateway": {"url": behind.url, "auth": {"type": "bearer", "token": "push-canary"}},
                                      "traces": {"endpoint": behind.url, "headers": {"x-key": "trace-canary"}}})
        result = pagehaul.succeed()
        assert_table_equals_oracle(db, api)
        assert taken.pushes == [] and behind.forwarded == 0
    told = {line["msg"]: line["error"] for line in result.log if "error" in line}
    assert "certificate" in told["metrics could not be pushed"] and "certificate" in told["traces could not be exported"]


@pytest.fixture
def postgres_tls(postgres):
    """A function: postgres_tls(certificate, key) makes the server speak TLS; it speaks plainly again afterwards."""
    def tell(sql):
        with contextlib.closing(postgres.connect("postgres")) as admin, admin.cursor() as cursor:
            for statement in (*sql, "SELECT pg_reload_conf()"):
                cursor.execute(statement)

    def shown(name):
        with contextlib.closing(postgres.connect("postgres")) as admin, admin.cursor() as cursor:
            cursor.execute(f"SHOW {name}")
            return cursor.fetchone()[0]

    def configure(certificate, key):
        for source, target in ((certificate, "server.crt"), (key, "server.key")):
            copied = shutil.copy(source, postgres.data / target)
            os.chmod(copied, 0o600)
            if postgres.owner:
                owner = pwd.getpwnam(postgres.owner)
                os.chown(copied, owner.pw_uid, owner.pw_gid)
        tell(["ALTER SYSTEM SET ssl = on"])
        eventually(lambda: shown("ssl") == "on", 20, "the server speaks TLS")

    yield configure
    tell(["ALTER SYSTEM RESET ssl"])
    eventually(lambda: shown("ssl") == "off", 20, "the server speaks plainly")


def verified(db, authority):
    return db.dsn_through("localhost", db.cluster.port) + f"?sslmode=verify-full&sslrootcert={authority.ca}"


def test_a_database_of_a_trusted_authority_is_spoken_to_in_tls(pagehaul, api, db, postgres_tls, trusted):
    postgres_tls(*trusted.certify("localhost"))
    pagehaul.env["DATABASE_URL"] = verified(db, trusted)
    api.set(hold_after=4)
    running = pagehaul.start()
    api.wait(held=1, timeout=60)
    links = db.query("SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                     "WHERE a.application_name LIKE 'pagehaul%%'")
    assert links and all(encrypted for (encrypted,) in links)
    api.set(hold=False, hold_after=0)
    assert running.wait() == 0
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("whose", BAD)
def test_a_database_that_cannot_show_who_it_is_is_78(pagehaul, api, db, postgres_tls, trusted, stranger, whose):
    certificate, said = BAD[whose]
    postgres_tls(*certificate(trusted, stranger))
    pagehaul.env["DATABASE_URL"] = verified(db, trusted)
    result = pagehaul.run()
    assert result.code == CONFIG and said in result.stderr, str(result)
    assert api.log() == []


def test_a_database_without_tls_is_not_spoken_to_when_tls_is_asked_for(pagehaul, api, db, trusted):
    pagehaul.env["DATABASE_URL"] = verified(db, trusted)
    result = pagehaul.run()
    assert result.code == CONFIG and "does not support SSL" in result.stderr, str(result)
    assert api.log() == []


CLEAR = "a credential goes in the clear"


@pytest.fixture(scope="module")
def elsewhere():
    """An address of this machine that is not loopback, as another machine's would be; without one there is nothing to show."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.254", 9))  # sends nothing: it asks which address would
        except OSError as error:
            pytest.skip(f"no address but loopback: {error}")
        return probe.getsockname()[0]


@pytest.fixture
def remote_postgres(elsewhere):
    cluster = Postgres(host=elsewhere, network=f"{elsewhere}/32")
    cluster.start()
    yield cluster
    cluster.close()


def warned(result):
    return [line["cause"] for line in result.log if line["msg"] == CLEAR]


def test_a_password_over_an_open_link_to_another_machine_is_told_once_with_what_mends_it(pagehaul, remote_postgres):
    pagehaul.env["DATABASE_URL"] = remote_postgres.create_database().dsn
    (cause,) = warned(pagehaul.succeed())
    assert remote_postgres.host in cause and "sslmode=verify-full" in cause
    told = pagehaul.succeed("check").stdout
    assert "warn  security" in told and cause in told
    pagehaul.configure(security={"plaintext": "allow"})
    assert warned(pagehaul.succeed()) == [] and "security" not in pagehaul.succeed("check").stdout


def test_a_token_that_goes_to_another_machine_by_http_is_told_once(pagehaul, api, elsewhere):
    port = api.url.rsplit(":", 1)[1]
    pagehaul.configure(source={"base_url": f"http://{elsewhere}:{port}", "retry": {"attempts": 1}}, run={"patience": "0s"})
    (cause,) = warned(pagehaul.run())
    assert cause.startswith(f"source.base_url: source.auth goes to {elsewhere} in the clear; write https://")
    assert cause in pagehaul.run("check").stdout


def test_a_token_among_the_parameters_of_a_request_is_told_as_well(pagehaul, api, elsewhere):
    port = api.url.rsplit(":", 1)[1]
    pagehaul.env["REPORT_KEY"] = "k-7341"
    pagehaul.configure(source={"base_url": f"http://{elsewhere}:{port}", "retry": {"attempts": 1}}, run={"patience": "0s"})
    del pagehaul.pipeline["source"]["auth"]
    pagehaul.pipeline["source"]["request"].setdefault("query", {})["api_key"] = "${REPORT_KEY}"
    (cause,) = warned(pagehaul.run())
    assert cause.startswith(f"source.base_url: source.request.query.api_key goes to {elsewhere} in the clear; write https://")


def test_loopback_is_no_wire(pagehaul, pushgateway):
    pagehaul.configure(telemetry={"pushgateway": {"url": pushgateway.url, "auth": {"type": "bearer", "token": "x"}}})
    assert warned(pagehaul.succeed()) == []
    assert "security" not in pagehaul.succeed("check").stdout
