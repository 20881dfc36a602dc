"""Each page is the answer to its own request, whatever else a server sends."""

import pytest

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


def test_what_comes_behind_an_answer_is_no_answer(mock_api, db, pagehaul_for, front):
    api = mock_api(rows=250)
    runner = pagehaul_for(api, db).configure(sliced(), source={"base_url": front(api.url, surplus=STRAY).url})
    assert_ended(runner.run(), db, proof="counts", rows=1000, slices_proven=4)
    assert_table_equals_oracle(db, api, slices=SLICES)
