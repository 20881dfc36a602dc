"""Plain HTTP to loopback servers, whatever proxy the environment names."""

import base64
import json
import urllib.error
import urllib.request

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def request(method, url, **options):
    """(status, bytes); a dict body is sent as JSON. An HTTP error status is a result; OSError is no connection."""
    return exchange(method, url, **options)[:2]


def exchange(method, url, *, body=None, headers=None, auth=None, timeout=10.0):
    """request() with the answer's headers as a third."""
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    try:
        with _opener.open(urllib.request.Request(url, body, headers, method=method), timeout=timeout) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def get_json(url, **options):
    status, body = request("GET", url, **options)
    if status != 200:
        raise AssertionError(f"GET {url}: {status} {body[:200]!r}")
    return json.loads(body)


def answers(url, **options):
    """Whether somebody answers 200 at this URL now."""
    try:
        return request("GET", url, **options)[0] == 200
    except OSError:
        return False
