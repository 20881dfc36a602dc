"""Servers that nobody here wrote, each pulled by config alone: what each says of itself first, then what the table holds. RabbitMQ's management
API is in test_rabbitmq_api.py."""

import contextlib
import datetime

import pytest

from harness.asked_api import AskedApi, page_of
from harness.ending import assert_ended
from harness.http import exchange
from harness.others import DockerRegistry, JsonServer, PocketBase, TokenServer, can_build
from harness.pagehaul import CREDENTIAL, OK
from harness.recovery import RESUME

ROWS = 235


def needs(part):
    return pytest.mark.skipif(not can_build(part), reason=f"{part}: what tests/functional/servers/build.sh makes it with is not on the PATH")


def pipeline(url, columns, key, **source):
    return {"pipeline": "others",
            "source": {"base_url": url, "retry": {"attempts": 3, "base": "10ms", "max": "100ms"}, **source},
            "sink": {"dsn": "${DATABASE_URL}", "table": "other.row", "key": key, "columns": columns},
            "run": {"drain": "5s", "patience": "20s"}}


@pytest.fixture
def pulling_from(pagehaul_for, db):
    """A function: pulling_from(url, columns, key, …) gives a runner of that source into other.row."""
    def start(*arguments, **source):
        runner = pagehaul_for(None, db)
        runner.pipeline = pipeline(*arguments, **source)
        return runner
    return start


def opened(server):
    with contextlib.closing(server) as running:
        yield running


# --- Link header: docker-registry

@pytest.fixture(scope="module")
def registry(_nothing_leaks):
    yield from opened(DockerRegistry())


def test_the_catalog_of_a_registry_is_followed_by_its_links(registry, pulling_from, db):
    names = sorted(f"team-{n % 7}/image-{n:03}" for n in range(ROWS))
    registry.push(names)
    status, body, headers = exchange("GET", registry.url + "/v2/_catalog?n=1000")
    assert status == 200 and body.count(b"team-") == ROWS and "Link" not in headers
    runner = pulling_from(registry.url, [{"name": "name", "type": "text", "from": ""}], ["name"],
                          request={"path": "/v2/_catalog", "query": {"n": "{{ page.size }}"}},
                          pagination={"type": "link_header", "size": 50}, records="/repositories")
    assert_ended(runner.run(), db, proof="chain", rows=ROWS, stored=ROWS, pages_done=5)
    assert [name for name, in db.query("SELECT name FROM other.row ORDER BY name COLLATE \"C\"")] == names


# --- offset, the total in a header: json-server

@pytest.fixture
def orders():
    return [{"id": n, "region": ("eu", "us", "apac")[n % 3], "total": n * 1.25, "placed": {"at": f"2026-11-{n % 28 + 1:02}"}} for n in range(ROWS)]


ORDER = [{"name": "id", "type": "bigint"}, {"name": "region", "type": "text"}, {"name": "total", "type": "double precision"},
         {"name": "placed", "type": "date", "from": "/placed/at"}]


def rows_of(orders):
    return [(o["id"], o["region"], o["total"], datetime.date.fromisoformat(o["placed"]["at"])) for o in orders]


@needs("npm")
def test_offsets_are_counted_against_a_total_that_a_header_tells(orders, pulling_from, db):
    with contextlib.closing(JsonServer(orders=orders)) as server:
        assert exchange("GET", server.url + "/orders?_start=0&_limit=1")[2]["X-Total-Count"] == str(ROWS)
        runner = pulling_from(
            server.url, ORDER, ["id"], slices={"region": ["eu", "us", "apac"]},
            request={"path": "/orders", "query": {"_start": "{{ page.offset }}", "_limit": "{{ page.size }}", "_sort": "id",
                                                  "region": "{{ slice.region }}"}},
            pagination={"type": "offset", "size": 20, "total": {"rows": {"header": "X-Total-Count"}}}, records="")
        assert_ended(runner.run(), db, proof="counts", rows=ROWS, stored=ROWS, slices_proven=3)
    assert db.query("SELECT id, region, total, placed FROM other.row ORDER BY id") == rows_of(orders)


# --- page and perPage, a filter, a login: PocketBase

@needs("pocketbase")
def test_a_login_opens_a_collection_whose_filter_divides_it(orders, pulling_from, db):
    fields = [{"name": "number", "type": "number"}, {"name": "region", "type": "text"}, {"name": "total", "type": "number"}, {"name": "placed", "type": "json"}]
    with contextlib.closing(PocketBase()) as server:
        server.fill("orders", fields, [{**order, "number": order["id"], "id": f"order{order['id']:010}"} for order in orders])
        path = "/api/collections/orders/records"
        assert server.ask("GET", path + "?perPage=1")["totalItems"] == ROWS
        assert exchange("GET", server.url + path)[0] == 403, "nobody sees it without a token"
        runner = pulling_from(
            server.url, [{"name": "id", "type": "bigint", "from": "/number"}, *ORDER[1:]], ["id"], slices={"region": ["eu", "us", "apac"]},
            auth={"type": "login", "token": {"pointer": "/token"}, "lifetime": "1h", "send": {"header": "Authorization"},
                  "request": {"url": server.url + "/api/collections/_superusers/auth-with-password",
                              "parameters": {"identity": server.user, "password": "${PASSWORD}"}}},
            request={"path": path, "query": {"page": "{{ page.number }}", "perPage": "{{ page.size }}", "sort": "number",
                                             "filter": "region='{{ slice.region }}'"}},
            pagination={"type": "page_number", "size": 30, "total": {"rows": "/totalItems"}}, records="/items")
        runner.env["PASSWORD"] = server.password
        result = runner.run()
        assert_ended(result, db, proof="counts", rows=ROWS, stored=ROWS, slices_proven=3)
        assert server.password not in result.stdout + result.stderr
        refused = runner.run(env={"PASSWORD": "wrong-hunter2"})
        assert refused.code == CREDENTIAL, str(refused)
    assert db.query("SELECT id, region, total, placed FROM other.row ORDER BY id") == rows_of(orders)


# --- OAuth2: oidc-provider

class GuardedApi:
    """Rows for who shows a token that the token server calls good; `revoke_at`: the request at which it ends the one that is shown."""

    def __init__(self, tokens, revoke_at=None):
        self.shown = []
        rows = [{"id": n, "v": f"v{n}"} for n in range(ROWS)]

        def answer(request):
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            self.shown.append(token)
            if len(self.shown) == revoke_at:
                tokens.revoke(token)
            if not tokens.is_good(token):
                return 401, {}, {"error": "invalid_token"}
            return {"rows": page_of(rows, request, 10), "total": ROWS}

        self._api = AskedApi(answer)
        self.url, self.close = self._api.url, self._api.close


@pytest.fixture
def tokens(_nothing_leaks):
    yield from opened(TokenServer())


def guarded(pulling_from, api, tokens, **auth):
    runner = pulling_from(
        api.url, [{"name": "id", "type": "bigint"}, {"name": "v", "type": "text"}], ["id"],
        auth={"type": "oauth2", "token_url": tokens.url + "/token", "client_id": tokens.client, "client_secret": "${CLIENT_SECRET}", **auth},
        request={"path": "/rows", "query": {"page": "{{ page.number }}"}}, limits={"concurrency": 2},
        pagination={"type": "page_number", "size": 10, "total": {"rows": "/total"}}, records="/rows")
    runner.env.update(CLIENT_SECRET=tokens.secret, REFRESH_TOKEN=tokens.refresh_token)
    return runner


def whole(db):
    return db.query("SELECT id, v FROM other.row ORDER BY id") == [(n, f"v{n}") for n in range(ROWS)]


@needs("npm")
def test_client_credentials_are_renewed_where_the_server_ends_them(tokens, pulling_from, db):
    with contextlib.closing(GuardedApi(tokens, revoke_at=6)) as api:
        runner = guarded(pulling_from, api, tokens, grant="client_credentials", scope="reports.read")
        result = runner.run()
        assert_ended(result, db, proof="counts", rows=ROWS)
        assert len(set(api.shown)) == 2 and whole(db)
        assert not [token for token in set(api.shown) if token in result.stdout + result.stderr]
        refused = runner.run(env={"CLIENT_SECRET": "wrong-hunter2"})
        assert refused.code == CREDENTIAL and "invalid_client" in refused.stderr


@needs("npm")
def test_a_refresh_token_that_rotates_is_shared_by_processes_and_runs(tokens, pulling_from, db):
    with contextlib.closing(GuardedApi(tokens, revoke_at=6)) as api:
        runner = guarded(pulling_from, api, tokens, grant="refresh_token", refresh_token="${REFRESH_TOKEN}", rotates=True)
        processes = [runner.start(env=RESUME) for _ in range(3)]
        results = [process.result() for process in processes]
        assert [result.code for result in results] == [OK, OK, OK], "\n".join(map(str, results))
        assert whole(db)
        assert len(set(api.shown)) == 2, "one of them renewed what was refused, for all"
        tokens.revoke(api.shown[-1])
        runner.succeed()
        assert len(set(api.shown)) == 3, "the next run goes on with what the last one stored"


@needs("npm")
def test_the_server_would_have_noticed_a_refresh_token_shown_twice(tokens, pulling_from, db):
    """What makes the test above mean something: without `rotates` the token of the config is shown again, and that is the end of it."""
    with contextlib.closing(GuardedApi(tokens, revoke_at=6)) as api:
        runner = guarded(pulling_from, api, tokens, grant="refresh_token", refresh_token="${REFRESH_TOKEN}")
        runner.succeed()
        result = runner.run()
        assert result.code == CREDENTIAL and "invalid_grant" in result.stderr, str(result)
