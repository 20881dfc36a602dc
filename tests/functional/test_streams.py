"""Several streams of one API in one file: one run, one verdict, a table each, and slices that another stream's records make."""


import datetime
import time
import urllib.parse

import pytest

from harness.asked_api import AskedApi, page_of
from harness.ending import assert_ended, lines, summary

ORDERS = [{"id": i, "note": f"order {i}"} for i in range(1, 251)]
PRODUCTS = [{"id": f"p/{i}", "price": i} for i in range(1, 31)]


def items_of(order):
    """As many as the order's last digit says; none for some."""
    return [{"sku": f"{order}-{n}", "count": n} for n in range(1, order % 4 + 1)]


class Shop:
    """/orders?page=N, /products?offset=N, /orders/ID/items and /products/ID/parts, whose id is escaped."""

    def __init__(self):
        self.broken = None  # a path that is answered with 400
        self.slow = None  # a path that is answered late

    def __call__(self, request):
        if self.broken and request.path.startswith(self.broken):
            return 400, {}, {"error": "no"}
        if request.path == self.slow:
            time.sleep(0.3)
        if request.path == "/orders":
            return {"rows": page_of(ORDERS, request), "total": len(ORDERS)}
        if request.path == "/products":
            return {"rows": page_of(PRODUCTS, request, 10)}
        if request.path == "/days":
            query = dict(request.query)
            day, last = (datetime.date.fromisoformat(query[bound]) for bound in ("from", "to"))
            days = [{"day": str(day + datetime.timedelta(days=n))} for n in range((last - day).days + 1)]
            return {"rows": days, "total": len(days)}
        kind, identity, what = request.path.strip("/").split("/")
        if kind == "orders" and what == "items":
            return {"items": items_of(int(identity))}
        if kind == "items" and what == "labels":
            return {"labels": [{"text": f"label of {urllib.parse.unquote(identity)}"}]}
        return 404, {}, {"error": f"no {request.path}"}


def column(name, kind="bigint", **more):
    return {"name": name, "type": kind, **more}


ORDERS_STREAM = {"request": {"path": "/orders", "query": {"page": "{{ page.number }}"}}, "records": "/rows",
                 "pagination": {"type": "page_number", "size": 100, "total": {"rows": "/total"}},
                 "key": ["id"], "columns": [column("id"), column("note", "text")]}
PRODUCTS_STREAM = {"request": {"path": "/products", "query": {"offset": "{{ page.offset }}"}}, "records": "/rows",
                   "pagination": {"type": "offset", "size": 10}, "key": ["id"], "columns": [column("id", "text"), column("price", "integer")]}
ITEMS_STREAM = {"slices": {"order_id": {"stream": "orders", "from": "/id"}},
                "request": {"path": "/orders/{{ slice.order_id }}/items"}, "pagination": {"type": "none"}, "records": "/items",
                "key": ["order_id", "sku"],
                "columns": [column("order_id", value="{{ slice.order_id }}"), column("sku", "text"), column("count", "integer")]}
LABELS_STREAM = {"slices": {"sku": {"stream": "items", "from": "/sku"}, "order": {"stream": "items", "slice": "order_id"}},
                 "request": {"path": "/items/{{ slice.sku }}/labels"}, "pagination": {"type": "none"}, "records": "/labels",
                 "key": ["sku"], "columns": [column("sku", "text", value="{{ slice.sku }}"), column("of_order", value="{{ slice.order }}"),
                                             column("text", "text")]}


@pytest.fixture
def shop():
    answer = Shop()
    api = AskedApi(answer)
    api.shop = answer
    yield api
    api.close()


@pytest.fixture
def runner(shop, pagehaul_for, db):
    """A runner of a file with the streams that `streams` is called with."""
    runner = pagehaul_for(None, db)
    source = {"base_url": shop.url, "retry": {"attempts": 3, "base": "10ms", "max": "100ms"}}
    runner.pipeline["source"] = source
    runner.pipeline["sink"] = {"dsn": "${DATABASE_URL}", "schema": "shop"}

    def streams(**streams):
        runner.pipeline["streams"] = streams
        return runner

    return streams


def rows(db, table, order="1"):
    return db.query(f"SELECT * FROM {table} ORDER BY {order}")


ALL_ITEMS = sorted((order["id"], item["sku"], item["count"]) for order in ORDERS for item in items_of(order["id"]))


def assert_orders_and_items(db):
    assert rows(db, "shop.orders") == [(order["id"], order["note"]) for order in ORDERS]
    assert rows(db, "shop.items", "1, 2") == ALL_ITEMS


def test_each_stream_has_its_table_and_all_have_one_verdict(runner, db):
    named = {**PRODUCTS_STREAM, "columns": [*PRODUCTS_STREAM["columns"], column("of", "text", value="{{ stream.name }}")]}
    result = runner(orders=ORDERS_STREAM, products=named).run()
    assert_ended(result, db, slices_proven=2, rows=len(ORDERS) + len(PRODUCTS), proof="pages")
    assert rows(db, "shop.orders") == [(order["id"], order["note"]) for order in ORDERS]
    assert rows(db, "shop.products", "price") == [(product["id"], product["price"], "products") for product in PRODUCTS]
    assert db.query("SELECT stream, key, is_child FROM pagehaul.slice ORDER BY 1") == [
        ("orders", "orders/all", False), ("products", "products/all", False)]


def test_the_records_of_a_parent_make_slices_once_each(runner, shop, db):
    streams = runner(orders=ORDERS_STREAM, items=ITEMS_STREAM)
    assert_ended(streams.run(), db, slices_proven=1 + len(ORDERS), rows=len(ORDERS) + len(ALL_ITEMS))
    assert_orders_and_items(db)
    asked = [request.path for request in shop.asked if request.path.endswith("/items")]
    assert len(asked) == len(set(asked)) == len(ORDERS)
    # The next run begins with its parents, and makes their children anew.
    assert_ended(streams.run(), db, slices_proven=1 + len(ORDERS))
    assert_orders_and_items(db)


def test_children_have_children_and_parents_need_no_table(runner, db):
    orders = {key: ORDERS_STREAM[key] for key in ("request", "pagination", "records")} | {"store": False}
    result = runner(orders=orders, items={**ITEMS_STREAM, "store": False}, labels=LABELS_STREAM).run()
    assert_ended(result, db, slices_proven=1 + len(ORDERS) + len(ALL_ITEMS))
    assert rows(db, "shop.labels", "2, 1") == [(sku, order, f"label of {sku}") for order, sku, _ in ALL_ITEMS]
    assert db.query("SELECT to_regclass('shop.orders'), to_regclass('shop.items')") == [(None, None)]


def test_one_streams_failure_leaves_the_others_whole(runner, shop, db):
    shop.shop.broken = "/products"
    result = runner(products=PRODUCTS_STREAM, orders=ORDERS_STREAM, items=ITEMS_STREAM).run()
    assert_ended(result, db, 65, slices_proven=1 + len(ORDERS))
    assert_orders_and_items(db)
    assert "products/all" in summary(result)["reason"]


def test_only_the_stream_that_is_asked_for_is_pulled_with_its_parents(runner, shop, db):
    streams = runner(products=PRODUCTS_STREAM, orders=ORDERS_STREAM, items=ITEMS_STREAM)
    assert_ended(streams.run("run", "--stream", "products"), db, slices_proven=1)
    assert {request.path for request in shop.asked} == {"/products"}
    assert db.query("SELECT to_regclass('shop.orders')") == [(None,)]
    assert_ended(streams.run("run", "--stream", "items"), db, slices_proven=1 + len(ORDERS))
    assert_orders_and_items(db)
    result = streams.run("run", "--stream", "itmes")
    assert result.code == 78
    assert "--stream itmes: expected one of the file's streams: products, orders, items" in result.stderr


@pytest.mark.parametrize("verb", ["plan", "check"])
def test_plan_and_check_look_at_the_stream_that_is_asked_for(runner, shop, verb):
    streams = runner(products=PRODUCTS_STREAM, orders=ORDERS_STREAM, items=ITEMS_STREAM)
    streams.succeed(verb, "--stream", "products")
    assert {request.path for request in shop.asked} == {"/products"}


def test_a_record_without_what_makes_a_slice_fails_its_slice_and_says_so(runner, db):
    items = {**ITEMS_STREAM, "slices": {"order_id": {"stream": "orders", "from": "/number"}}}
    result = runner(orders=ORDERS_STREAM, items=items).run()
    line = assert_ended(result, db, 65)
    assert "orders/all: record 0 makes no slice: column items.order_id, from /number: expected the field to be there" in line["reason"]


@pytest.mark.kill_stop
@pytest.mark.parametrize("point", ["after_claim", "before_commit", "after_commit"])
def test_a_run_that_is_killed_goes_on_and_makes_each_child_once(runner, shop, db, point):
    streams = runner(orders=ORDERS_STREAM, items=ITEMS_STREAM).configure(run={"stale": "1s", "heartbeat": "200ms"})
    result = streams.run("run", "--run-key", "night", env={"PAGEHAUL_FAULT": f"{point}:3"})
    assert result.code == 137, str(result)
    assert summary(streams.succeed("run", "--run-key", "night"))["slices_proven"] == 1 + len(ORDERS)
    assert_orders_and_items(db)
    assert db.query("SELECT count(*), count(DISTINCT key) FROM pagehaul.slice") == [(1 + len(ORDERS), 1 + len(ORDERS))]


def test_retry_and_carry_over_know_the_stream(runner, shop, db):
    shop.shop.broken = "/orders/7/"
    streams = runner(orders=ORDERS_STREAM, items=ITEMS_STREAM)
    assert_ended(streams.run(), db, 65, slices_proven=len(ORDERS))
    shop.shop.broken = None
    before = len(shop.asked)
    assert streams.run("retry", "--stream", "orders").code == 75 and len(shop.asked) == before
    assert_ended(streams.run("retry"), db, slices_proven=1)
    assert [request.path for request in shop.asked[before:]] == ["/orders/7/items"]
    assert_orders_and_items(db)


WRONG = {
    "an unknown parent": ({"items": ITEMS_STREAM}, "streams.items.slices.order_id.stream: expected the name of another stream"),
    "a circle": ({"orders": {**ORDERS_STREAM, "slices": {"sku": {"stream": "items", "from": "/sku"}}}, "items": ITEMS_STREAM},
                 "expected streams without a circle"),
    "a shared key": ({"orders": {**ORDERS_STREAM, "limits": {"rate": "1/s"}}}, "streams.orders.limits: this key is shared by all streams"),
    "an unknown key": ({"orders": {**ORDERS_STREAM, "colour": 1}}, "streams.orders.colour: unknown key; expected one of request"),
    "a missing key": ({"orders": {k: v for k, v in ORDERS_STREAM.items() if k != "records"}}, "streams.orders.records: required"),
    "two streams, one table": ({"orders": ORDERS_STREAM, "more": {**ORDERS_STREAM, "table": "orders"}},
                               "streams.more.table: expected a table of its own: stream orders fills shop.orders"),
    "a wrong type": ({"orders": {**ORDERS_STREAM, "pagination": {"type": "page_number", "size": "many"}}},
                     "streams.orders.pagination.size: expected"),
    "a name": ({"Orders": ORDERS_STREAM}, "streams.Orders: expected a stream's name"),
    "a slice of none": ({"orders": ORDERS_STREAM, "items": {**ITEMS_STREAM, "slices": {"order_id": {"stream": "orders", "slice": "day"}}}},
                        "streams.items.slices.order_id.slice: expected a name of orders's slices, which are none"),
    "stored nowhere for nobody": ({"orders": {**ORDERS_STREAM, "store": False}}, "streams.orders.store: expected a stream whose slices"),
}


@pytest.mark.parametrize("streams, text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_stream_is_named_by_its_place_in_the_file(runner, db, streams, text):
    result = runner(**streams).run()
    assert result.code == 78
    assert text in result.stderr, result.stderr


def test_a_slow_stream_starves_none(runner, shop, db):
    """Every page of `products`, which is planned first, takes long: the orders' 250 items do not wait for them."""
    shop.shop.slow = "/products"
    products = {**PRODUCTS_STREAM, "slices": {"shelf": list(range(6))}, "key": ["id", "shelf"],
                "columns": [*PRODUCTS_STREAM["columns"], column("shelf", value="{{ slice.shelf }}")]}
    streams = runner(products=products, orders=ORDERS_STREAM, items=ITEMS_STREAM).configure(source={"limits": {"concurrency": 4}})
    assert_ended(streams.run(), db, slices_proven=6 + 1 + len(ORDERS))
    paths = [request.path for request in shop.asked]
    before_the_last_item = paths[:max(i for i, path in enumerate(paths) if path.endswith("/items"))]
    assert before_the_last_item.count("/products") < paths.count("/products") / 2


def test_status_log_and_metrics_tell_of_each_stream(runner, shop, db, pushgateway):
    shop.shop.broken = "/orders/7/"
    streams = runner(orders=ORDERS_STREAM, items=ITEMS_STREAM).configure(
        telemetry={"log": {"level": "debug"}, "pushgateway": {"url": pushgateway.url, "interval": "1s"}})
    result = streams.run()
    assert result.code == 65
    stored = len(ALL_ITEMS) - len(items_of(7))
    assert [(line["stream"], line["level"], line["slices_proven"], line["slices_failed"], line["stored"]) for line in lines(result, "stream")] == [
        ("orders", "info", 1, 0, len(ORDERS)), ("items", "info", len(ORDERS) - 1, 0, stored)]
    assert {line["stream"] for line in lines(result, "page stored")} == {"orders", "items"}
    assert lines(result, "page refused")[0]["stream"] == "items"
    told = streams.succeed("status", "--json").json["runs"][0]["streams"]
    assert [(of["stream"], of["slices"], of["slices_proven"], of["rows_stored"]) for of in told] == [
        ("orders", 1, 1, len(ORDERS)), ("items", len(ORDERS), len(ORDERS) - 1, stored)]
    assert f"stream items: slices {len(ORDERS) - 1} of {len(ORDERS)} proven" in streams.succeed("status").stdout
    assert {frozenset(labels & {("stream", "orders"), ("stream", "items"), ("result", "stored"), ("result", "quarantined")}): value
            for labels, value in pushgateway.metric("pagehaul_stream_rows").items()} == {
                frozenset({("stream", stream), ("result", result)}): rows for stream, result, rows in [
                    ("orders", "stored", len(ORDERS)), ("orders", "quarantined", 0), ("items", "stored", stored), ("items", "quarantined", 0)]}


def test_each_stream_has_its_mode(runner, shop, db):
    items = {**ITEMS_STREAM, "mode": "replace_slice"}
    del items["key"]
    streams = runner(orders={**ORDERS_STREAM, "vanished": "keep"}, items=items)
    assert_ended(streams.run(), db, slices_proven=1 + len(ORDERS))
    assert_orders_and_items(db)
    db.query("INSERT INTO shop.items SELECT order_id, sku || '-gone', count FROM shop.items RETURNING 1")
    assert_ended(streams.run(), db, slices_proven=1 + len(ORDERS))
    assert_orders_and_items(db)


def test_a_child_that_a_run_has_appended_is_not_asked_for_again(runner, shop, db):
    items = {key: value for key, value in ITEMS_STREAM.items() if key != "key"} | {"mode": "append"}
    streams = runner(orders=ORDERS_STREAM, items=items)
    assert_ended(streams.run(), db, slices_proven=1 + len(ORDERS))
    asked = len(shop.asked)
    assert_ended(streams.run(), db, slices_proven=1)
    assert not [one.path for one in shop.asked[asked:] if one.path.endswith("/items")]
    assert_orders_and_items(db)


def test_a_slice_of_a_stream_is_halved(runner, db):
    days = {"slices": {"day": {"from": "2026-11-01", "to": "2026-11-04", "step": "4d"}},
            "request": {"path": "/days", "query": {"from": "{{ slice.day }}", "to": "{{ slice.day_end }}", "page": "{{ page.number }}"}},
            "pagination": {"type": "page_number", "total": {"rows": "/total"}, "max_rows": 2}, "records": "/rows",
            "key": ["day"], "columns": [column("day", "date")]}
    result = runner(days=days, orders=ORDERS_STREAM).run()
    assert_ended(result, db, slices_proven=1 + 3)
    assert db.query("SELECT key, stream, state FROM pagehaul.slice WHERE stream = 'days' AND split_from IS NOT NULL ORDER BY 1") == [
        ("days/day=2026-11-01..2026-11-02", "days", "proven"), ("days/day=2026-11-03..2026-11-04", "days", "proven")]
    assert db.query("SELECT count(*) FROM shop.days") == [(4,)]


@pytest.mark.xdist_group("rabbitmq")
def test_pages_of_all_streams_go_over_a_broker_and_children_are_told_as_they_are_made(runner, db, rabbitmq):
    streams = runner(products=PRODUCTS_STREAM, orders=ORDERS_STREAM, items=ITEMS_STREAM).configure(queue=rabbitmq.queue())
    plans = streams.start("enqueue", "--wait")
    plans.wait_for_log("run started")
    helps = streams.start("work")
    assert_ended(plans.result(), db, slices_proven=2 + len(ORDERS))
    assert helps.result().code == 0
    assert_orders_and_items(db)


def test_what_is_not_stored_overwrites_nothing_where_two_slices_have_it(runner, db):
    """Both shops tell the same orders: each is one slice of items."""
    orders = {key: ORDERS_STREAM[key] for key in ("request", "pagination", "records")} | {"store": False, "slices": {"shop": [1, 2]}}
    assert_ended(runner(orders=orders, items=ITEMS_STREAM).run(), db, slices_proven=2 + len(ORDERS))
    assert rows(db, "shop.items", "1, 2") == ALL_ITEMS
