"""Whoever sends more than was asked for, an API, a gateway or a collector, kills no pod of 64 MiB."""

import contextlib
import gzip
import json

import pytest

from harness.bad_gateways import BOMBS
from harness.ending import assert_ended
from harness.fixed_api import FixedApi
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import DATA, OK, Result

pytestmark = [pytest.mark.container, pytest.mark.security]


@pytest.fixture
def run_in_64_mib(containers, pagehaul_binary, pagehaul, tmp_path):
    """A function: the Result of the pipeline's run in a container of 64 MiB."""
    root = containers.make_root(pagehaul_binary, tmp_path / "root")

    def run():
        (root / "pipeline.yaml").write_text(json.dumps(pagehaul.pipeline))
        shown = containers.run(root, ["/pagehaul", "run", "-c", "/pipeline.yaml"], memory="64m", env=pagehaul.env)
        return Result(shown.returncode, shown.stdout, shown.stderr)

    return run


OF_HEADERS = ("bomb_of_headers", "bomb_of_interim_answers")


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_an_api_that_sends_it_is_refused(run_in_64_mib, pagehaul, db, bomb):
    with bomb() as url:
        pagehaul.configure(source={"base_url": url, "limits": {"body": "1MiB"}})
        reason = "headers are larger than 262144 bytes" if bomb.__name__ in OF_HEADERS else "larger than limits.body (1048576 bytes)"
        assert_ended(run_in_64_mib(), db, 65, reason=reason)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_gateway_and_a_collector_that_send_it_harm_no_run(run_in_64_mib, pagehaul, api, db, bomb):
    with bomb() as gateway, bomb() as collector:
        pagehaul.configure(telemetry={"pushgateway": {"url": gateway, "interval": "1s"}, "traces": {"endpoint": collector}})
        assert_ended(run_in_64_mib(), db, proof="counts")
    assert_table_equals_oracle(db, api)


MIB = 1 << 20
# Pages of 8 MiB, the largest that limits.body lets in there, in one piece of each kind.
PAGES = {
    "one row": lambda: '{"rows":[{"id":1,"text":"%s"}],"total":1}' % ("r" * 7 * MIB),
    "one key": lambda: '{"rows":[{"id":1,"text":"x","%s":1}],"total":1}' % ("k" * 7 * MIB),
    "a key of the envelope": lambda: '{"%s":1,"rows":[{"id":1,"text":"x"}],"total":1}' % ("e" * 7 * MIB),
    "keys": lambda: '{"rows":[{"id":1,"text":"x"%s}],"total":1}' % "".join(f',"{n}":1' for n in range(700_000)),
    "rows": lambda: '{"rows":[%s],"total":1}' % ",".join(["0"] * 3 * MIB),
    "columns that do not fit": lambda: '{"rows":[{"id":"%s","text":"x"}],"total":1}' % ("i" * 7 * MIB),
    "depth": lambda: '{"rows":[{"id":1,"text":"x","deep":%s%s}],"total":1}' % ("[" * 3 * MIB, "]" * 3 * MIB),
    "escapes": lambda: '{"rows":[{"id":1,"text":"%s"}],"total":1}' % ("\\u0041" * MIB),
    "a number": lambda: '{"rows":[{"id":1%s,"text":"x"}],"total":1}' % ("0" * 7 * MIB),
}


@pytest.mark.parametrize("squeezed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("page", PAGES)
def test_an_api_whose_page_is_one_huge_piece_kills_nothing(run_in_64_mib, pagehaul_for, pagehaul, db, page, squeezed):
    body = PAGES[page]().encode()
    headers = {"Content-Encoding": "gzip"} if squeezed else {}
    with contextlib.closing(FixedApi([])) as api:
        api.reply = lambda query, sent=gzip.compress(body, 1) if squeezed else body: (200, headers, sent)
        pagehaul.pipeline["source"] = {**api.source(), "retry": {"attempts": 1}, "limits": {"body": "8MiB"}}
        pagehaul.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}, {"name": "text", "type": "text"}]},
                           run={"patience": "2s", "quarantine_limit": "100%"})
        result = run_in_64_mib()
        assert result.code in (OK, DATA), f"{page}: {result}"
        assert_ended(result, db, result.code)


def test_an_answer_without_size_whose_rows_are_all_bad_kills_nothing(run_in_64_mib, pagehaul_for, pagehaul, db):
    body = gzip.compress(('{"rows":[%s]}' % ",".join(map(str, range(MIB // 2 - 1)))).encode())
    with contextlib.closing(FixedApi([])) as api:
        api.reply = lambda query: (200, {"Content-Encoding": "gzip"}, body)
        pagehaul.pipeline["source"] = {"base_url": api.url, "request": {"path": "/rows"}, "pagination": {"type": "none"}, "records": "/rows",
                                       "retry": {"attempts": 1}}
        pagehaul.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]}, run={"patience": "2s", "quarantine_limit": "100%"})
        assert_ended(run_in_64_mib(), db, DATA, reason="what the quarantine would keep of them is larger than 8388608 bytes")


def test_a_huge_row_that_the_table_refuses_kills_nothing(run_in_64_mib, pagehaul, db):
    db.query("CREATE SCHEMA report; CREATE TABLE report.creative (id bigint PRIMARY KEY, text text CHECK (length(text) < 10))")
    with contextlib.closing(FixedApi([])) as api:
        body = PAGES["one row"]()
        api.answer = lambda query: body
        pagehaul.pipeline["source"] = {**api.source(), "limits": {"body": "8MiB"}}
        pagehaul.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}, {"name": "text", "type": "text"}]},
                           run={"patience": "2s", "quarantine_limit": "100%"})
        assert_ended(run_in_64_mib(), db, quarantined=1)
    assert db.scalar("SELECT length(payload) FROM pagehaul.quarantine") == MIB
