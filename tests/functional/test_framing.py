"""Each page is the answer to its own request, whatever else a server sends."""

import pytest

from harness.certificates import Authority
from harness.ending import assert_ended
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import sliced

pytestmark = pytest.mark.security

SLICES = tuple({"advertiser_id": advertiser, "date": date} for advertiser in ("1001", "1002") for date in ("2026-11-01", "2026-11-02"))

EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
# A good answer of another slice: what a confused connection would bring.
STRAY = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n"
         b'{"code":0,"data":{"data_list":[],"total_count":0}}       ')


@pytest.mark.parametrize("interim", [EARLY_HINTS, b"HTTP/1.1 100 Continue\r\n\r\n" * 3], ids=["103", "100"])
def test_an_interim_answer_is_not_the_answer(mock_api, db, pagehaul_for, front, interim):
    api = mock_api(rows=250)
    runner = pagehaul_for(api, db).configure(sliced(), source={"base_url": front(api.url, interim=interim, pause=0.3).url})
    assert_ended(runner.run(), db, proof="counts", rows=1000, slices_proven=4)
    assert_table_equals_oracle(db, api, slices=SLICES)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "trusted")


@pytest.mark.parametrize("head_first", [False, True], ids=["in one piece", "behind a body that is a piece of its own"])
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_what_comes_behind_an_answer_is_no_answer(mock_api, db, pagehaul_for, front, authority, secure, head_first):
    api = mock_api(rows=250)
    before = front(api.url, tls=authority.server() if secure else None, surplus=STRAY, head_first=head_first, pause=0.05)
    # One after the other: each connection that may be used again is.
    runner = pagehaul_for(api, db).configure(sliced(), source={"base_url": before.url, "limits": {"concurrency": 1}})
    runner.env["SSL_CERT_FILE"] = authority.ca
    assert_ended(runner.run(), db, proof="counts", rows=1000, slices_proven=4, retries=0)
    assert_table_equals_oracle(db, api, slices=SLICES)
