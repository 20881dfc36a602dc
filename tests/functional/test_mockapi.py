"""The mock API keeps its promises: what other tests conclude from it rests on these."""

import email.utils
import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest

from harness.http import get_json, request
from harness.pipeline import TOKEN

PATH = "/data/report/offline/creative"


def ask(api, page=1, size=100, *, token=TOKEN, timeout=10.0, **body):
    return request("POST", api.url + PATH, body={"page_num": page, "page_size": size, **body},
                   headers={"Access-Token": token}, timeout=timeout)


def data(api, page=1, size=100, **body):
    status, text = ask(api, page, size, **body)
    assert status == 200, (status, text)
    return json.loads(text)["data"]


def code(answer):
    status, text = answer
    assert status == 200
    return json.loads(text)["code"]


def raw(api, page=1):
    """Everything the API sends for one request on a connection of its own, until it closes."""
    where = urllib.parse.urlsplit(api.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as link:
        link.sendall(f"GET /rows?page={page}&page_size=100 HTTP/1.1\r\nHost: x\r\nAccess-Token: {TOKEN}\r\n\r\n".encode())
        got = b""
        while piece := link.recv(1 << 16):
            got += piece
        return got


def test_the_dump_is_what_is_served(mock_api):
    api = mock_api(rows=250, unicode=True, nul=True, bad_rows=[5], dup_rows=[9], dup_keys=[20])
    slice_ = {"advertiser_id": "1002", "date": "2026-11-03"}
    served = [row for page in (1, 2, 3) for row in data(api, page, advertiser_id=1002, start_date="2026-11-03")["data_list"]]
    assert served == json.loads(json.dumps(api.rows(**slice_)))
    assert len(served) == 250 and all(len(row) == 21 for row in served)
    assert served[9] == served[8] and served[20]["creativity_id"] == served[19]["creativity_id"] and served[20] != served[19]
    assert served[5]["fee"] == "not-a-number" and "\0" in served[3]["creativity_name"]


def test_pages_by_number_and_by_offset_agree_and_end(mock_api):
    api = mock_api(rows=250)
    for query in ("page=3&page_size=100", "offset=200&limit=100"):
        status, text = request("GET", f"{api.url}/rows?{query}", headers={"Access-Token": TOKEN})
        assert status == 200 and json.loads(text)["data"] == data(api, 3)
    assert len(data(api, 3)["data_list"]) == 50 and data(api, 4) == {"data_list": [], "total_count": 250}
    api.set(refuse_beyond=True)
    assert code(ask(api, 4)) == 10002


def test_numbered_pages_may_tell_how_many_they_are_and_which_is_the_last(mock_api):
    api = mock_api(rows=200, ends=True)
    told = [(page["page_count"], page["more"]) for page in (data(api, number) for number in (1, 2, 3))]
    assert told == [(2, True), (2, False), (2, False)]


def test_a_page_is_about_42_kb(mock_api):
    assert 40_000 < len(ask(mock_api())[1]) < 48_000


def test_slices_have_keys_of_their_own_unless_told_otherwise(mock_api):
    api = mock_api(rows=10)
    days = [data(api, advertiser_id=1, start_date=f"2026-11-0{day}")["data_list"] for day in (1, 2)]
    assert days[0][0]["date"] == "2026-11-01" and days[0][0]["creativity_id"] != days[1][0]["creativity_id"]
    api.set(dup_across_slices=True)
    assert data(api, start_date="2026-11-01") == data(api, start_date="2026-11-02")


@pytest.mark.parametrize("size", [101, 0])
def test_page_sizes_beyond_the_limit_are_refused(api, size):
    assert code(ask(api, size=size)) == 10002


def test_a_missing_page_size_is_refused_and_a_capped_one_is_served_short(api):
    assert code(request("POST", api.url + PATH, body={"page_num": 1}, headers={"Access-Token": TOKEN})) == 10002
    api.set(cap_page_size=50)
    assert len(data(api)["data_list"]) == 50


def test_numbers_sent_as_strings_are_refused_when_types_are_strict(mock_api):
    api = mock_api(strict_types=True)
    assert code(ask(api, "1")) == 10002
    assert code(ask(api, 1)) == 0


def test_a_wrong_token_is_refused_by_status_or_by_code(api):
    assert ask(api, token="wrong")[0] == 401
    api.set(auth_status=200)
    assert code(ask(api, token="wrong")) == 410019
    assert [entry["auth_ok"] for entry in api.log()] == [False, False]


@pytest.mark.parametrize("kind, token, headers, query", [
    ("bearer", "s3", {"Authorization": "Bearer s3"}, ""),
    ("basic", "ann:s3", {"Authorization": "Basic YW5uOnMz"}, ""),
    ("query", "s3", {}, "&Access-Token=s3"),
])
def test_other_kinds_of_credentials_are_checked(mock_api, kind, token, headers, query):
    api = mock_api(auth=kind, token=token)
    url = f"{api.url}/rows?page=1&page_size=1"
    assert request("GET", url + query, headers=headers)[0] == 200
    assert request("GET", url)[0] == 401


@pytest.mark.parametrize("status", [500, 503, 404])
def test_a_status_fault_passes_after_its_tries(mock_api, status):
    api = mock_api(faults=str(status), fault_pages=[2], fault_tries=2)
    assert [ask(api, page)[0] for page in (1, 2, 2, 2)] == [200, status, status, 200]
    assert [entry["fault"] for entry in api.log()] == ["", str(status), str(status), ""]


def test_a_fault_for_ever_never_passes(mock_api):
    api = mock_api(fault_pages=[1], fault_forever=True)
    assert {ask(api)[0] for _ in range(5)} == {500}


def test_the_fault_rate_picks_the_same_pages_every_time(mock_api):
    def faulty(api):
        return [page for page in range(1, 1001) if ask(api, page, 1)[0] == 500]

    first, again, other = (faulty(mock_api(fault_rate=0.02, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other and 8 <= len(first) <= 40


def test_429_tells_when_to_come_back(mock_api):
    api = mock_api(faults="429", fault_pages=[1], fault_forever=True, retry_after=7)

    def header():
        link = http.client.HTTPConnection(urllib.parse.urlsplit(api.url).netloc)
        link.request("GET", "/rows?page=1&page_size=1", headers={"Access-Token": TOKEN})
        return link.getresponse().getheader("Retry-After")

    assert header() == "7"
    api.set(retry_after="date")
    assert email.utils.parsedate_to_datetime(header()) is not None
    api.set(retry_after="none")
    assert header() is None


def test_faults_inside_a_200(mock_api):
    api = mock_api(faults="code", fault_code=10005, fault_pages=[1])
    assert code(ask(api)) == 10005
    api.set(faults="badjson")
    with pytest.raises(json.JSONDecodeError):
        json.loads(ask(api)[1])
    assert code(ask(api)) == 0


def test_a_reset_comes_in_the_middle_of_the_body(mock_api):
    with pytest.raises(ConnectionResetError):
        raw(mock_api(faults="reset", fault_pages=[1]))


def test_short_promises_more_than_it_sends_and_truncated_promises_nothing(mock_api):
    head, _, body = raw(mock_api(faults="short", fault_pages=[1])).partition(b"\r\n\r\n")
    assert int(head.split(b"Content-Length: ")[1].split()[0]) > len(body) > 0
    head, _, body = raw(mock_api(faults="truncated", fault_pages=[1])).partition(b"\r\n\r\n")
    assert b"Content-Length" not in head and len(body) > 1000


def test_huge_and_gzip_bomb_are_as_large_as_told(mock_api):
    api = mock_api(faults="huge", fault_pages=[1], fault_tries=1, huge_mb=3)
    status, body = ask(api)
    assert status == 200 and len(body) > 3 << 20 and json.loads(body)["code"] == 0
    api.set(faults="gzipbomb")
    status, body = ask(api)
    assert len(body) < 50_000 and len(gzip.decompress(body)) > 3 << 20
    assert json.loads(gzip.decompress(body))["success"] is True


def test_a_redirect_names_another_place(mock_api):
    api = mock_api(faults="redirect", fault_pages=[1], redirect_to="http://127.0.0.1:1/away")
    link = http.client.HTTPConnection(urllib.parse.urlsplit(api.url).netloc)
    link.request("GET", "/rows?page=1&page_size=1", headers={"Access-Token": TOKEN})
    answer = link.getresponse()
    assert (answer.status, answer.getheader("Location")) == (302, "http://127.0.0.1:1/away")


def test_trickle_sends_a_byte_at_a_time_and_never_sends_none(mock_api):
    api = mock_api(faults="trickle", fault_pages=[1], fault_forever=True, trickle_interval="10ms")
    where = urllib.parse.urlsplit(api.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as link:
        link.sendall(f"GET /rows?page=1&page_size=1 HTTP/1.1\r\nHost: x\r\nAccess-Token: {TOKEN}\r\n\r\n".encode())
        assert [len(link.recv(1000)) for _ in range(3)] == [1, 1, 1]
    api.set(never=True)
    with pytest.raises(TimeoutError):
        ask(api, 2, timeout=0.2)
    assert api.log()[-1]["status"] == 0


def test_held_requests_wait_until_released(mock_api):
    api = mock_api(hold_after=1)
    assert ask(api)[0] == 200
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(api)[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    api.wait(held=3)
    assert answers == [] and api.stats()["in_flight"] == 3
    api.set(hold=False)
    for thread in threads:
        thread.join()
    assert answers == [200, 200, 200] and api.stats()["max_in_flight"] == 3


def test_waiting_for_what_does_not_happen_ends_at_its_timeout(api):
    assert get_json(api.url + "/__wait?requests=1&timeout=20ms") == {"met": False}


def test_down_for_a_time_then_up_again(mock_api):
    api = mock_api(down_after=2, down_for="150ms")
    assert [ask(api)[0] for _ in range(3)] == [200, 200, 503]
    deadline = time.monotonic() + 10
    while ask(api)[0] == 503:
        assert time.monotonic() < deadline
    api.set(down_mode="refuse", down_for="1s", down=True)
    refused = 0
    while True:
        try:
            if ask(api)[0] == 200:
                break
        except OSError:
            refused += 1
        assert time.monotonic() < deadline
    assert refused > 0


def test_the_token_bucket_allows_what_it_says(mock_api):
    api = mock_api(ratelimit="100/s", ratelimit_burst=5)
    begin = time.monotonic()
    statuses = [ask(api, 1, 1)[0] for _ in range(200)]
    allowed = statuses.count(200)
    assert statuses[:5] == [200] * 5 and 5 <= allowed <= 6 + 100 * (time.monotonic() - begin)
    stats = api.stats()
    assert (stats["allowed"], stats["throttled"]) == (allowed, 200 - allowed)
    assert stats["by_status"] == {"200": allowed, "429": 200 - allowed}


def test_drift_inserts_and_removes_rows_once(mock_api):
    api = mock_api(rows=250, drift="insert", drift_after=1)
    before = data(api, 1)["data_list"]
    after = data(api, 1)
    assert after["total_count"] == 251 and after["data_list"][1:] == before[:-1]
    assert data(api, 1) == after
    assert json.loads(json.dumps(api.rows(inserted=1)))[:100] == after["data_list"]
    api = mock_api(rows=250, drift="remove", drift_after=1)
    data(api, 1)
    assert data(api, 1)["total_count"] == 249 and data(api, 1)["data_list"][:99] == before[1:]


def test_a_total_can_be_wrong_once_or_for_ever_or_missing(mock_api):
    api = mock_api(drift="total", drift_after=1)
    assert [data(api)["total_count"] for _ in range(3)] == [1000, 1001, 1000]
    api.set(drift_forever=True)
    data(api)
    assert len({data(api)["total_count"] for _ in range(10)}) == 10
    api.set(total="first")
    assert "total_count" in data(api, 1) and "total_count" not in data(api, 2)
    api.set(total="none")
    assert "total_count" not in data(api, 1)


def test_the_same_page_for_ever(mock_api):
    api = mock_api(same_page=True)
    assert data(api, 7)["data_list"] == data(api, 1)["data_list"]


def test_the_log_keeps_what_was_asked_until_cleared(api):
    request("POST", api.url + PATH, body={"page_num": 2, "page_size": 10, "advertiser_id": 7, "start_date": "2026-11-01"},
            headers={"Access-Token": TOKEN, "traceparent": "00-1-2-01"})
    (entry,) = api.log()
    assert entry["t_ms"] <= entry["end_ms"] <= time.monotonic() * 1000
    kept = {key: entry[key] for key in ("seq", "method", "path", "page", "page_size", "advertiser_id", "date", "status", "code",
                                        "traceparent")}
    assert kept == {"seq": 1, "method": "POST", "path": PATH, "page": 2, "page_size": 10, "advertiser_id": "7",
                    "date": "2026-11-01", "status": 200, "code": 0, "traceparent": "00-1-2-01"}
    assert json.loads(entry["body"])["page_num"] == 2
    api.clear_log()
    assert api.log() == [] and api.stats()["requests"] == 0


def test_unknown_flags_and_bad_values_are_refused(api, mockapi_binary):
    assert request("POST", api.url + "/__set?colour=red")[0] == 400
    assert request("POST", api.url + "/__set?latency=soon")[0] == 400
    ended = subprocess.run([mockapi_binary, "--rows", "many"], capture_output=True, text=True)
    assert ended.returncode == 64 and "rows: expected a number, got 'many'" in ended.stderr


def test_latency_is_waited_for_without_threads(mock_api):
    api = mock_api(latency="200ms")
    threads = [threading.Thread(target=ask, args=(api,)) for _ in range(20)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.2 <= time.monotonic() - begin < 2, "one after the other they would take four seconds"
    assert all(entry["end_ms"] - entry["t_ms"] >= 199.9 for entry in api.log())


_LOAD = """
import socket, sys, time
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
link = socket.create_connection((host, port))
ask = f"GET /rows?page=1&page_size=100 HTTP/1.1\\r\\nHost: x\\r\\nAccess-Token: {sys.argv[4]}\\r\\n\\r\\n".encode()
link.sendall(ask)
first = link.recv(1 << 20)
size = first.index(b"\\r\\n\\r\\n") + 4 + int(first.split(b"Content-Length: ")[1].split()[0])
got, buffer = len(first), bytearray(1 << 20)
sent, want = 1, size
while want < size * count or got < want:
    while got < want:
        got += link.recv_into(buffer)
    if sent < count:
        link.sendall(ask * 16)
        sent += 16
        want += size * 16
    else:
        break
"""


def test_it_serves_thousands_of_pages_a_second(mock_api):
    """Over 5,000/s although the client is Python on the same two cores; the server alone is several times as fast."""
    api = mock_api()
    ask(api)
    where = urllib.parse.urlsplit(api.url)
    ended = subprocess.run([sys.executable, "-c", _LOAD, where.hostname, str(where.port), "8001", TOKEN])
    assert ended.returncode == 0
    stats = api.stats()
    assert stats["requests"] > 8000
    assert 1000 * stats["requests"] / (stats["last_ms"] - stats["first_ms"]) > 5000
