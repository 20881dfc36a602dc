"""TLS on both sides: whom pagehaul trusts, and that it speaks to nobody else."""

import contextlib
import os
import pwd
import shutil

import pytest

from harness.certificates import Authority
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, UNAVAILABLE
from harness.waiting import eventually


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


@pytest.mark.parametrize("whose", ["stranger's", "another host's"])
def test_an_https_api_that_cannot_show_who_it_is_hears_nothing(to_https, pagehaul, api, trusted, stranger, whose):
    secure = to_https(stranger.server() if whose == "stranger's" else trusted.server("elsewhere.test"))
    result = pagehaul.run()
    assert result.code == UNAVAILABLE, str(result)
    assert "certificate" in result.stderr
    assert secure.forwarded == 0 and api.log() == []


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


@pytest.mark.parametrize("whose, said", [("stranger's", "certificate verify failed"), ("another host's", "elsewhere.test")])
def test_a_database_that_cannot_show_who_it_is_is_78(pagehaul, api, db, postgres_tls, trusted, stranger, whose, said):
    postgres_tls(*(stranger.certify("localhost") if whose == "stranger's" else trusted.certify("elsewhere.test")))
    pagehaul.env["DATABASE_URL"] = verified(db, trusted)
    result = pagehaul.run()
    assert result.code == CONFIG and said in result.stderr, str(result)
    assert api.log() == []


def test_a_database_without_tls_is_not_spoken_to_when_tls_is_asked_for(pagehaul, api, db, trusted):
    pagehaul.env["DATABASE_URL"] = verified(db, trusted)
    result = pagehaul.run()
    assert result.code == CONFIG and "does not support SSL" in result.stderr, str(result)
    assert api.log() == []
