"""Servers that keep what they are sent: an API that redirects, another origin that must never hear anything, an API of one row."""

import contextlib

from .recorder import Recorder


@contextlib.contextmanager
def redirecting(status, location):
    """(API, other): the API answers each request with this status and `location`; {us} and {other} in it are host and port of the two."""
    headers = {}
    with contextlib.closing(Recorder()) as other, contextlib.closing(Recorder(lambda push: (status, ""), headers)) as api:
        headers["Location"] = location.format(us=api.url.removeprefix("http://"), other=other.url.removeprefix("http://"))
        yield api, other


@contextlib.contextmanager
def one_row(row='{"id":1}'):
    """An API of one row, whatever is asked for."""
    with contextlib.closing(Recorder(lambda push: (200, '{"rows":[%s],"total":1}' % row))) as api:
        yield api


def reading(runner, api, **source):
    """The runner, of a pipeline that reads such an API; `source` replaces parts of its section."""
    runner.pipeline["source"] = {
        "base_url": api.url, "auth": {"type": "header", "name": "Access-Token", "value": "${ACCESS_TOKEN}"}, "records": "/rows",
        "request": {"path": "/rows", "query": {"page": "{{ page.number }}"}},
        "pagination": {"type": "page_number", "size": 100, "total": {"rows": "/total"}}, **source}
    return runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "bigint"}]}, run={"patience": "1s"})
