"""Windows of months, weeks, hours and minutes, dates as a request wants them, and columns that tell of the run."""

import threading
import urllib.parse

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi
from harness.pipeline import TABLE


class WindowApi(FixedApi):
    """A row for each window that is asked for: {"id": "from..to"}; remembers who asked for what."""

    def __init__(self):
        super().__init__([])
        self.asked = set()
        self._lock = threading.Lock()

    def answer(self, query):
        with self._lock:
            self.asked.add(f"{query['from']}..{query['to']}")
        return self.page([f'{{"id": "{query["from"]}..{query["to"]}"}}'], int(query["page"]), int(query["size"]))


@pytest.fixture
def api():
    api = WindowApi()
    yield api
    api.close()


def pull(api, pagehaul_for, db, slices, first, last, columns=()):
    runner = pagehaul_for(None, db)
    source = api.source()
    source["slices"] = slices
    source["request"]["query"] |= {"from": first, "to": last}
    runner.pipeline["source"] = source
    runner.configure(sink={"key": ["id"], "columns": [{"name": "id", "type": "text"}, *columns]})
    return runner.run()


@pytest.mark.parametrize("slices, first, last, asked", [
    ({"d": {"from": "2026-01-15", "to": "2026-03-09", "step": "1month"}}, "{{ slice.d | format('%Y%m%d') }}", "{{ slice.d_end }}",
     {"20260101..2026-01-31", "20260201..2026-02-28", "20260301..2026-03-09"}),
    ({"d": {"from": "2026-01-05", "to": "2026-01-14", "step": "1w"}}, "{{ slice.d | epoch }}", "{{ slice.d_next | epoch_ms }}",
     {"1767571200..1768176000000", "1768176000..1768435200000"}),
    ({"d": {"from": "2026-10-25", "to": "2026-10-25", "zone": "Europe/Berlin"}}, "{{ slice.d | epoch }}", "{{ slice.d_next | epoch }}",
     {"1792879200..1792969200"}),
    ({"t": {"from": "2026-10-25T01:00", "to": "2026-10-25T04:00", "step": "1h", "zone": "Europe/Berlin"}}, "{{ slice.t }}", "{{ slice.t_next }}",
     {"2026-10-25T01:00:00+02:00..2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+02:00..2026-10-25T03:00:00+01:00",
      "2026-10-25T03:00:00+01:00..2026-10-25T04:00:00+01:00"}),
    ({"t": {"from": "2026-03-29T00:00", "to": "2026-03-29T06:00", "step": "3h", "zone": "Europe/Berlin"}}, "{{ slice.t | format('%H%M') }}",
     "{{ slice.t_end | epoch }}", {"0000..1774745999", "0300..1774756799"}),
], ids=["months", "weeks", "a day of 25 hours", "hours, one of them twice", "hours, one of them skipped"])
def test_each_window_is_asked_for_once_in_the_requests_own_form(api, pagehaul_for, db, slices, first, last, asked):
    assert_ended(pull(api, pagehaul_for, db, slices, first, last), db, stored=len(asked))
    assert {urllib.parse.unquote(text) for text in api.asked} == asked
    assert {id_ for id_, in db.query(f"SELECT id FROM {TABLE}")} == asked


def test_the_last_hours_are_whole_windows_of_before_the_start(api, pagehaul_for, db):
    result = pull(api, pagehaul_for, db, {"t": {"from": "-6h", "to": "0h", "step": "1h"}}, "{{ slice.t | epoch }}", "{{ slice.t_next | epoch }}")
    assert result.code == 0, str(result)
    spans = sorted(tuple(map(int, text.split(".."))) for text in api.asked)
    assert [end - begin for begin, end in spans] == [3600] * 6
    assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]


def test_a_column_tells_which_run_last_changed_its_row(api, pagehaul_for, db):
    """A second run that brings the same row leaves it alone, its run and time with it."""
    columns = [{"name": "run_id", "type": "bigint", "value": "{{ run.id }}"}, {"name": "loaded_at", "type": "timestamptz", "value": "{{ run.started_at }}"}]
    slices = {"d": {"from": "2026-01-01", "to": "2026-01-01"}}
    assert_ended(pull(api, pagehaul_for, db, slices, "{{ slice.d }}", "{{ slice.d_end }}", columns), db, stored=1)
    first = db.query(f"SELECT t.run_id, t.loaded_at, t.xmin::text FROM {TABLE} t")
    assert [row[:2] for row in first] == db.query("SELECT id, created_at FROM pagehaul.run")
    assert pull(api, pagehaul_for, db, slices, "{{ slice.d }}", "{{ slice.d_end }}", columns).code == 0
    assert db.query("SELECT count(*) FROM pagehaul.run") == [(2,)]
    assert db.query(f"SELECT t.run_id, t.loaded_at, t.xmin::text FROM {TABLE} t") == first
