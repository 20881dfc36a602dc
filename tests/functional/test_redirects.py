"""Credentials go to the origin that the file names, and to no other, whatever an API, a gateway or a collector answers."""

import contextlib
import json
import urllib.parse

import pytest

from harness.origins import one_row, reading, redirecting
from harness.pagehaul import CONFIG, DATA, OK
from harness.pipeline import TOKEN
from harness.recorder import Recorder

pytestmark = pytest.mark.security

STATUSES = (301, 302, 303, 307, 308)
# What a Location may look like, of a server that wants our token elsewhere.
LOCATIONS = {
    "another port": ("http://{other}/rows", "at another origin"),
    "upper case": ("HTTP://{other}/rows", "at another origin"),
    "userinfo before it": ("http://api@{other}/rows", "a Location that is no http URL"),
    "our host as userinfo": ("http://127.0.0.1:80@{other}/rows", "a Location that is no http URL"),
    "another scheme": ("https://{other}/rows", "at another origin"),
    "no scheme": ("//{other}/rows", "a Location that is no http URL"),
    "backslashes": ("http:\\\\{other}\\rows", "a Location that is no http URL"),
    "slash and backslash": ("/\\{other}/rows", "at the same origin"),
    "our host in upper case": ("HTTP://{us}/rows", "at the same origin; redirects are not followed"),
    "our host with a trailing dot": ("http://127.0.0.1.:1/rows", "at another origin"),
    "a path of ours": ("/elsewhere?token=canary", "/elsewhere at the same origin; set source.request.path to it"),
    "a file": ("file:///etc/passwd", "a Location that is no http URL"),
    "gopher": ("gopher://{other}/_x", "a Location that is no http URL"),
    "nothing": ("", "without a Location"),
}


def pulling(pagehaul_for, db, url):
    runner = pagehaul_for(None, db)
    return runner.configure(source={"base_url": url, "retry": {"attempts": 2}}, run={"patience": "1s"})


def assert_not_followed(result, api, other, said):
    assert result.code == DATA, str(result)
    assert said in result.stderr and "canary" not in result.stdout + result.stderr
    assert other.pushes == []
    assert {push.path for push in api.pushes} == {"/data/report/offline/creative"}
    assert {push.headers["Access-Token"] for push in api.pushes} == {TOKEN}


@pytest.mark.parametrize("status", STATUSES)
def test_no_status_makes_us_follow(pagehaul_for, db, status):
    with redirecting(status, "http://{other}/rows?token=canary") as (api, other):
        result = pulling(pagehaul_for, db, api.url).run()
        assert_not_followed(result, api, other, f"HTTP status {status}, a redirect to {other.url}/rows at another origin")


@pytest.mark.parametrize("location, said", LOCATIONS.values(), ids=LOCATIONS)
def test_no_spelling_of_a_location_makes_us_follow(pagehaul_for, db, location, said):
    with redirecting(307, location) as (api, other):
        assert_not_followed(pulling(pagehaul_for, db, api.url).run(), api, other, said)


def test_check_and_plan_follow_no_more_than_a_run(pagehaul_for, db):
    with redirecting(308, "http://{other}/rows") as (api, other):
        runner = pulling(pagehaul_for, db, api.url)
        for verb in ("check", "plan"):
            assert runner.run(verb).code != 0
        assert other.pushes == [] and len(api.pushes) == 2


@pytest.mark.parametrize("status", STATUSES)
def test_a_rule_that_tries_a_redirect_again_asks_the_same_origin(pagehaul_for, db, status):
    with redirecting(status, "http://{other}/rows") as (api, other):
        runner = pulling(pagehaul_for, db, api.url).configure(source={"response": {"rules": [{"when": {"status": [status]}, "then": "retry"}]}})
        runner.run()
        assert other.pushes == [] and len(api.pushes) > 1


@pytest.mark.parametrize("status", STATUSES)
def test_neither_metrics_nor_traces_nor_their_credentials_follow(pagehaul, status):
    with redirecting(status, "http://{other}/in") as (gateway, taken), redirecting(status, "http://{other}/in") as (collector, too):
        pagehaul.configure(telemetry={"pushgateway": {"url": gateway.url, "auth": {"type": "bearer", "token": "push-canary"}},
                                      "traces": {"endpoint": collector.url, "headers": {"x-key": "trace-canary"}}})
        result = pagehaul.succeed()
        assert taken.pushes == [] and too.pushes == []
        assert gateway.pushes[-1].headers["Authorization"] == "Bearer push-canary"
        assert collector.pushes[-1].headers["x-key"] == "trace-canary"
    told = {line["msg"]: line["error"] for line in result.log if "error" in line}
    assert str(status) in told["metrics could not be pushed"] and str(status) in told["traces could not be exported"]


@pytest.mark.parametrize("url", ["http://api@{other}/", "http://127.0.0.1:80@{other}/", "http://api:pass@{other}", "http://{other}#@127.0.0.1",
                                 "http://{other}\\@127.0.0.1", "http://127.0.0.1 {other}/", "http://127.0.0.1%2f@{other}", "//{other}", "file:///{other}"])
def test_a_base_url_that_reads_as_two_hosts_is_78_and_neither_hears_of_it(pagehaul_for, db, url):
    with contextlib.closing(Recorder()) as other:
        result = pulling(pagehaul_for, db, url.replace("{other}", other.url.removeprefix("http://"))).run()
        assert result.code == CONFIG and "source.base_url" in result.stderr, str(result)
        assert other.pushes == []


@pytest.fixture
def api_of_one():
    with one_row() as api:
        yield api


@pytest.mark.parametrize("host", ["LOCALHOST", "LocalHost"])
def test_a_host_in_upper_case_is_the_same_host(pagehaul_for, db, api_of_one, host):
    reading(pagehaul_for(None, db), api_of_one, base_url=api_of_one.url.replace("127.0.0.1", host)).succeed()
    assert {push.headers["Host"] for push in api_of_one.pushes} == {api_of_one.url.replace("http://127.0.0.1", "localhost")}


@pytest.mark.parametrize("path", ["/@{other}/rows", "/\\{other}/rows", "/http://{other}/rows", "/.{other}/rows", "/:1@{other}/rows",
                                  "/../../@{other}/rows", "/%0d%0aHost:%20{other}/rows"])
def test_a_path_leads_to_no_other_origin(pagehaul_for, db, api_of_one, path):
    with contextlib.closing(Recorder()) as other:
        request = {"path": path.replace("{other}", other.url.removeprefix("http://")), "query": {"page": "{{ page.number }}"}}
        reading(pagehaul_for(None, db), api_of_one, request=request).succeed()
        assert api_of_one.pushes and other.pushes == []
        assert {push.headers["Host"] for push in api_of_one.pushes} == {api_of_one.url.removeprefix("http://")}


@pytest.mark.parametrize("path, said", [("//evil.test/rows", "that begins with one /"), ("evil.test/rows", "that begins with /"),
                                        ("/rows\r\nHost: evil.test", "without blanks and control characters")])
def test_a_path_that_would_be_a_host_or_a_header_is_78(pagehaul_for, db, api_of_one, path, said):
    result = reading(pagehaul_for(None, db), api_of_one, request={"path": path, "query": {"page": "{{ page.number }}"}}).run()
    assert result.code == CONFIG and f"source.request.path: expected a path {said}" in result.stderr, str(result)
    assert api_of_one.pushes == []


@pytest.mark.parametrize("value", ["@evil.test/", "//evil.test/", "\\evil.test", "a/../../b", "?x=1#", "%2f%2fevil.test", "\r\nHost: evil.test", "ü"])
def test_a_slice_s_value_stays_in_its_place_of_path_query_and_body(pagehaul_for, db, api_of_one, value):
    request = {"method": "POST", "path": "/of/{{ slice.name }}/rows", "query": {"name": "{{ slice.name }}"},
               "body": {"page": "{{ page.number }}", "name": "{{ slice.name }}"}}
    result = reading(pagehaul_for(None, db), api_of_one, request=request, slices={"name": [value]}).run()
    assert result.code == OK, str(result)
    quoted = urllib.parse.quote(value, safe="")
    for push in api_of_one.pushes:
        assert push.path == f"/of/{quoted}/rows?name={quoted}"
        assert push.headers["Host"] == api_of_one.url.removeprefix("http://") and json.loads(push.body)["name"] == value
