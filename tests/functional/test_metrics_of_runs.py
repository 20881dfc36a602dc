"""Whose figures a push has: those of the run, whichever of its processes pushes, and of no run that is not its own."""

import datetime
import time
import zoneinfo

import pytest

from harness.fixed_api import FixedApi, record
from harness.http import request
from harness.pagehaul import DATA, INCOMPLETE, OK, SIGTERM_EXIT
from harness.pipeline import merge, sliced
from harness.recovery import PAGES, RESUME, ROWS, release, start_midway
from harness.waiting import eventually

OTHER = {"PAGEHAUL_RUN_KEY": "job-2"}
HALF = {"run": {"workers": 2}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture
def pushing(pagehaul, pushgateway):
    return pagehaul.configure(telemetry={"pushgateway": {"url": pushgateway.url, "interval": "1s"}})


def by_result(pushgateway, name):
    return {dict(labels)["result"]: value for labels, value in pushgateway.metric(name).items()}


def forget(pushgateway):
    """As if no process had ever pushed."""
    status, _ = request("DELETE", pushgateway.url + "/metrics/job/pagehaul/pipeline/creative_report")
    assert status == 202


def names(pushgateway):
    (group,) = pushgateway.groups()
    return {name for name in group if name.startswith("pagehaul_")}


def test_a_resumed_run_has_the_figures_of_the_whole_run_and_the_requests_of_its_last_process(pushing, pushgateway, api, db):
    start_midway(pushing, api, db, env=RESUME).kill9()
    assert pushgateway.value("pagehaul_run_in_progress") == 1  # nobody could say otherwise
    release(api)
    pushing.succeed(env=RESUME)
    assert by_result(pushgateway, "pagehaul_rows") == {"fetched": ROWS, "stored": ROWS, "quarantined": 0, "duplicate": 0}
    assert by_result(pushgateway, "pagehaul_pages") == {"planned": PAGES, "stored": PAGES, "failed": 0}
    assert by_result(pushgateway, "pagehaul_slices") == {"planned": 1, "proven": 1, "failed": 0, "left": 0}
    assert pushgateway.value("pagehaul_completeness_ratio") == 1
    assert pushgateway.value("pagehaul_run_in_progress") == 0
    (requests,) = pushgateway.metric("pagehaul_requests").values()
    assert requests == len(api.log()) == PAGES - 12 + 1


def test_quarantined_rows_of_a_resumed_run_are_all_counted(pushing, pushgateway, mock_api, pagehaul_for, db, pushgateway_url):
    api = mock_api(rows=ROWS, bad_rows=[5, 2900])
    runner = pagehaul_for(api, db).configure(pushgateway_url, run={"quarantine_limit": 10})
    start_midway(runner, api, db, answered=29, env=RESUME).kill9()
    release(api)
    runner.succeed(env=RESUME)
    assert pushgateway.value("pagehaul_quarantined_rows") == by_result(pushgateway, "pagehaul_rows")["quarantined"] == 2


@pytest.fixture
def pushgateway_url(pushgateway):
    return {"telemetry": {"pushgateway": {"url": pushgateway.url}}}


def test_a_process_that_is_stopped_leaves_the_verdict_to_the_others_of_its_run(pushing, pushgateway, api, db):
    pushing.configure(HALF, run={"drain": "0s"})
    first = start_midway(pushing, api, db, answered=5, env=RESUME)
    api.wait(held=2, timeout=60)
    second = pushing.start(env=RESUME)
    api.wait(held=4, timeout=60)

    first.terminate()
    assert first.wait() == SIGTERM_EXIT
    assert "pagehaul_last_run_exit_code" not in names(pushgateway)
    assert pushgateway.value("pagehaul_run_in_progress") == 1

    second.terminate()
    assert second.wait() == SIGTERM_EXIT
    assert pushgateway.value("pagehaul_last_run_exit_code") == SIGTERM_EXIT
    assert pushgateway.value("pagehaul_run_in_progress") == 0
    assert by_result(pushgateway, "pagehaul_pages")["stored"] == 5


def test_a_process_that_may_not_run_beside_another_run_pushes_nothing(pagehaul_for, pushgateway, pushgateway_url, api, db):
    first = start_midway(pagehaul_for(api, db), api, db, env=RESUME)
    second = pagehaul_for(api, db).configure(pushgateway_url)
    assert second.run(env=OTHER).code == INCOMPLETE
    assert pushgateway.groups() == []
    release(api)
    assert first.wait() == OK


def test_a_retry_that_finds_nothing_to_do_pushes_nothing(pushing, pushgateway):
    pushing.succeed()
    forget(pushgateway)
    pushing.succeed("retry")
    assert pushgateway.groups() == []


def test_a_start_that_finds_its_run_succeeded_says_again_how_it_ended(pushing, pushgateway, db):
    """Its last process may have died before it could push."""
    pushing.configure(sliced(date_from="2026-11-01", date_to="2026-11-01"))
    pushing.succeed(env=RESUME)
    forget(pushgateway)
    finished = float(db.scalar("SELECT extract(epoch FROM finished_at) FROM pagehaul.run"))
    pushing.succeed(env=RESUME)
    assert abs(pushgateway.value("pagehaul_last_success_timestamp_seconds") - finished) <= 1
    assert pushgateway.value("pagehaul_last_run_success") == 1
    assert pushgateway.value("pagehaul_run_in_progress") == 0
    assert by_result(pushgateway, "pagehaul_rows")["stored"] == 2 * ROWS
    assert "pagehaul_source_watermark_timestamp_seconds" in names(pushgateway)
    assert "pagehaul_last_run_duration_seconds" not in names(pushgateway)


def test_a_start_that_finds_its_run_succeeded_is_silent_when_a_newer_run_has_spoken(pushing, pushgateway):
    pushing.succeed(env=RESUME)
    pushing.succeed(env=OTHER)
    forget(pushgateway)
    pushing.succeed(env=RESUME)
    assert pushgateway.groups() == []


def test_a_run_that_cannot_reach_its_ledger_leaves_the_figures_of_the_last_alone(pushing, pushgateway):
    pushing.succeed()
    pushing.configure(run={"patience": "0s"})
    failed = pushing.run(env={"DATABASE_URL": "postgresql://postgres@127.0.0.1:1/nowhere"})
    assert pushgateway.value("pagehaul_last_run_exit_code") == failed.code != OK
    assert by_result(pushgateway, "pagehaul_rows")["stored"] == ROWS
    assert pushgateway.value("pagehaul_requests") == 0


# --- the watermark

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")


def end_of(day, zone=SHANGHAI):
    after = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    return datetime.datetime.combine(after, datetime.time(), zone).timestamp()


def days(first, last, advertisers=("1001", "1002")):
    return merge(sliced(advertisers, first, last), {"source": {"slices": {"date": {"zone": "Asia/Shanghai"}}}})


def watermark(pushgateway):
    return pushgateway.value("pagehaul_source_watermark_timestamp_seconds")


@pytest.fixture
def small(mock_api, pagehaul_for, db, pushgateway_url):
    """A runner of a report of 50 rows a slice, and its API."""
    api = mock_api(rows=50)
    return pagehaul_for(api, db).configure(pushgateway_url), api


def test_the_watermark_is_the_end_of_the_newest_day_in_the_zone_of_the_report(small, pushgateway):
    runner, _ = small
    runner.configure(days("2026-11-01", "2026-11-03")).succeed()
    assert watermark(pushgateway) == end_of("2026-11-03")


class Report(FixedApi):
    """Five rows a day, but for the days that it cannot tell."""

    def __init__(self):
        super().__init__([record(id=number) for number in range(5)])
        self.broken = set()

    def answer(self, query):
        return "{}" if query["date"] in self.broken else super().answer(query)


@pytest.fixture
def report():
    server = Report()
    yield server
    server.close()


def test_the_watermark_stays_before_the_first_day_that_is_not_proven(pagehaul_for, report, db, pushgateway, pushgateway_url):
    source = merge(report.source(), {"request": {"query": {"date": "{{ slice.date }}"}},
                                     "slices": {"date": {"from": "2026-11-01", "to": "2026-11-03", "zone": "Asia/Shanghai"}}})
    columns = [{"name": "date", "type": "date", "value": "{{ slice.date }}"}, {"name": "id", "type": "bigint"}]
    runner = pagehaul_for(db=db).configure({"source": None, "sink": {"key": ["date", "id"], "columns": columns}})
    runner.configure({"source": source}, pushgateway_url)
    report.broken = {"2026-11-02"}
    assert runner.run().code == DATA
    assert watermark(pushgateway) == end_of("2026-11-01")
    assert by_result(pushgateway, "pagehaul_slices") == {"planned": 3, "proven": 2, "failed": 0, "left": 0}


def test_the_watermark_survives_a_run_that_has_none_and_a_back_fill(small, pushgateway):
    runner, api = small
    runner.configure(days("2026-11-02", "2026-11-03")).succeed()
    runner.configure(days("2026-10-01", "2026-10-02")).succeed()
    assert watermark(pushgateway) == end_of("2026-11-03")
    api.set(faults=["404"], fault_forever=True, fault_pages=[1])
    assert runner.configure(days("2026-11-02", "2026-11-04")).run().code == DATA
    assert watermark(pushgateway) == end_of("2026-11-03")


def test_today_is_not_complete_however_well_it_was_pulled(small, pushgateway):
    runner, _ = small
    runner.configure(days("-1d", "0d")).succeed()
    assert time.time() - 2 * 86400 < watermark(pushgateway) <= time.time()


def test_without_dates_there_is_no_watermark(small, pushgateway):
    runner, _ = small
    runner.succeed()
    assert "pagehaul_source_watermark_timestamp_seconds" not in names(pushgateway)
