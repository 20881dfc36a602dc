"""What a request may look like: repeated parameters, forms, a GET with a body, JSON in a parameter, the page anywhere."""

import json
import urllib.parse

import pytest

from harness.ending import assert_ended

RECORDS = [{"id": i} for i in range(25)]
PAGED = {"type": "page_number", "size": 10, "total": {"rows": "/total"}}


def page(number):
    return {"rows": RECORDS[(number - 1) * 10:number * 10], "total": 25}


FORMS = {
    "a path": ({"path": "/rows/{{ page.number }}/x"}, lambda asked: int(asked.path.split("/")[2])),
    "a query": ({"path": "/rows", "query": {"page[number]": "{{ page.number }}"}}, lambda asked: int(dict(asked.query)["page[number]"])),
    "a header": ({"path": "/rows", "headers": {"X-Page": "{{ page.number }}"}}, lambda asked: int(asked.headers["X-Page"])),
    "a nested body": ({"method": "POST", "path": "/rows", "body": {"page": {"at": ["{{ page.number }}"]}}},
                      lambda asked: json.loads(asked.body)["page"]["at"][0]),
    "a GET's body": ({"path": "/rows", "body": {"page": "{{ page.number }}"}}, lambda asked: json.loads(asked.body)["page"]),
    "a form": ({"method": "POST", "path": "/rows", "form": {"page": "{{ page.number }}", "q": "a b&c"}},
               lambda asked: int(dict(urllib.parse.parse_qsl(asked.body.decode()))["page"])),
    "JSON in a query": ({"path": "/rows", "query": {"filter": {"page": "{{ page.number }}", "of": ["a&b", "{{ page.size }}"]}}},
                        lambda asked: json.loads(dict(asked.query)["filter"])["page"]),
}


@pytest.mark.parametrize("request_, number_of", FORMS.values(), ids=FORMS)
def test_the_page_is_asked_for_in(pulling, db, request_, number_of):
    api, runner = pulling(lambda asked: page(number_of(asked)), records="/rows", pagination=PAGED, request=request_)
    assert_ended(runner.run(), db, proof="counts", rows=25)
    assert sorted(number_of(asked) for asked in api.asked) == [1, 1, 2, 3]


def test_a_list_repeats_its_parameter(pulling, db):
    api, runner = pulling(lambda asked: RECORDS, slices={"shop": [7]},
                          request={"path": "/rows", "query": {"id": ["1", "{{ slice.shop }}"], "a": "x"}})
    assert_ended(runner.run(), db, rows=25)
    assert api.asked[0].query == [("id", "1"), ("id", "7"), ("a", "x")]


def test_a_form_says_what_it_is(pulling, db):
    api, runner = pulling(lambda asked: RECORDS, request={"method": "POST", "path": "/rows", "form": {"q": ["a b&c", "d"], "j": {"k": 1}}})
    assert_ended(runner.run(), db, rows=25)
    (asked,) = api.asked
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert urllib.parse.parse_qsl(asked.body.decode()) == [("q", "a b&c"), ("q", "d"), ("j", '{"k":1}')]
