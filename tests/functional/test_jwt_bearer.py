"""Assertions that we sign (RFC 7523), against a token server that has OpenSSL verify them."""

import base64
import http.server
import json
import subprocess
import threading
import time
import urllib.parse

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, OK

ACCESS = "access-hunter2-jwt"
SIZE = 10


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TokenServer:
    """Gives ACCESS for an assertion that the public key verifies."""

    def __init__(self, public_key, directory):
        self.assertions = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                header, claims, signature = body["assertion"].split(".")
                server.assertions.append((json.loads(decoded(header)), json.loads(decoded(claims))))
                (directory / "signature").write_bytes(decoded(signature))
                verified = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key, "-signature", directory / "signature"],
                                          input=f"{header}.{claims}".encode(), capture_output=True).returncode == 0
                verified = verified and body["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                answer = json.dumps({"access_token": ACCESS, "expires_in": 3600} if verified else {"error": "invalid_grant"}).encode()
                self.send_response(200 if verified else 400)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture
def key(tmp_path):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", tmp_path / "key.pem")
    openssl("pkey", "-in", tmp_path / "key.pem", "-pubout", "-out", tmp_path / "public.pem")
    return tmp_path / "key.pem"


@pytest.fixture
def token_server(key, tmp_path):
    server = TokenServer(key.with_name("public.pem"), tmp_path)
    yield server
    server.close()


@pytest.fixture
def api(mock_api):
    return mock_api(rows=20 * SIZE, auth="bearer", token=ACCESS)


@pytest.fixture
def asserting(pagehaul, token_server, key):
    def configure(**jwt):
        pagehaul.configure(source={"auth": None, "pagination": {"size": SIZE}})
        return pagehaul.configure(source={"auth": {
            "type": "oauth2", "grant": "jwt_bearer", "token_url": token_server.url,
            "jwt": {"key": f"${{file:{key}}}", "issuer": "puller@example.com", "claims": {"scope": "analytics.readonly"}, **jwt}}})
    return configure


def test_a_signed_assertion_gets_the_token(asserting, token_server, api, db):
    result = asserting(key_id="k1").succeed()
    assert_table_equals_oracle(db, api)
    ((header, claims),) = token_server.assertions
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert claims["iss"] == "puller@example.com" and claims["aud"] == token_server.url and claims["scope"] == "analytics.readonly"
    assert 0 <= time.time() - claims["iat"] < 120 and claims["exp"] - claims["iat"] == 300
    assert "PRIVATE KEY" not in result.stderr and "hunter2" not in result.stderr


def test_a_key_of_another_algorithm_is_78(asserting, token_server):
    result = asserting(algorithm="ES256").run()
    assert result.code == CONFIG, str(result)
    assert "source.auth.jwt.key: expected a key of the curve P-256" in result.stderr
    assert token_server.assertions == []


def test_check_shows_no_key(asserting):
    result = asserting().run("check")
    assert result.code == OK, str(result)
    assert "assertion=***" in result.stdout and "PRIVATE KEY" not in result.stdout
