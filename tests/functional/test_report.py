"""`pagehaul report`: what the page says of each kind of run, and how it comes to its file. tests/observability looks at it."""

import os
import stat

import pytest

from harness.pagehaul import CONFIG, DATA, OK, SIGTERM_EXIT, USAGE
from harness.pipeline import TOKEN, sliced
from harness.postgres import PASSWORD
from harness.recovery import PAGES, RESUME, release, start_midway
from harness.report_page import ReportPage
from harness.waiting import eventually


def page_of(runner, run="last", **options):
    return ReportPage(runner.succeed("report", run, "--html", "-", **options).stdout)


def test_a_good_run_is_complete_and_its_numbers_add_up(mock_api, db, pagehaul_for):
    api = mock_api(rows=950, dup_rows=[5])
    runner = pagehaul_for(api, db).configure(sliced())
    runner.succeed()
    page = page_of(runner)
    assert "Complete: nothing is missing" in page.text and "exit code 0" in page.text
    assert "3,796 stored + 0 quarantined + 4 duplicate = 3,800, and that agrees." in page.sections["completeness"]
    assert sorted(page.rows("Slices, failed and unproven ones first")) == [
        [f"advertiser_id={a},date={d}", "✓ proven", "950", "949", "0", "1", "0", "10", "1"]
        for a in ("1001", "1002") for d in ("2026-11-01", "2026-11-02")]
    pages = [int(row[1]) for row in page.rows("Pages stored, by time; spans without any are left out")]
    assert sum(pages) == 40
    assert sum(int(row[1]) for row in page.rows("Pages by the duration of their request")) == 40
    assert len(page.rows("The slowest pages")) == 10
    assert "Every page came at its first try." in page.sections["retries"]
    assert "Nothing is in quarantine." in page.sections["quarantine"]
    assert "holes" not in page.sections
    assert "report.creative" in page.sections["details"] and "advertiser_id, date, creativity_id" in page.sections["details"]


@pytest.mark.security
def test_the_page_refers_to_nothing_and_runs_nothing(pagehaul):
    pagehaul.succeed()
    page = page_of(pagehaul)
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form", "base"}
    references = [(tag, value) for tag, name, value in page.attributes if name in ("src", "href", "action", "data")]
    assert all(value.startswith("#") or value == "data:," for _, value in references), references
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert "url(" not in page.source and "@import" not in page.source


def test_a_failing_run_says_why_what_is_missing_and_what_to_do(mock_api, db, pagehaul_for):
    api = mock_api(rows=950, faults="404", fault_pages=[3], fault_forever=True)
    runner = pagehaul_for(api, db)
    assert runner.run().code == DATA
    page = page_of(runner)
    assert "Failed: the data was refused" in page.text and "exit code 65" in page.text and "pagehaul retry" in page.text
    assert page.rows("Missing pages by slice") == [["all", "1", "3"]]
    assert page.rows("Pages that failed") == [["all, page 3", "✕ refused for good", "1", "HTTP status 404"]]
    assert "so 100 are missing" in page.sections["completeness"]


def test_failed_tries_are_told_by_page_and_by_cause(mock_api, db, pagehaul_for):
    api = mock_api(rows=950, faults="503", fault_pages=[3, 4], fault_tries=2)
    runner = pagehaul_for(api, db)
    runner.succeed()
    page = page_of(runner)
    assert [row[:3] for row in page.rows("Pages by their failed tries")] == [
        ["none: at the first try", "8", "0"], ["2", "2", "0"]]
    ((cause, times, *_),) = page.rows("Causes")
    assert cause == "HTTP status 503" and times == "4"
    assert "4 tries did not bring their page" in page.sections["retries"]


def test_quarantine_is_told_by_reason_with_samples(mock_api, db, pagehaul_for):
    api = mock_api(rows=950, bad_rows=[3, 250, 251, 252], null_key_rows=[40])
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": 10})
    runner.succeed()
    section = page_of(runner).sections["quarantine"]
    assert "5 rows could not be stored" in section
    assert "expected a number within numeric's range 4 rows The first 3 samples" in section
    assert "all, page 1, row 3" in section and '"fee":"not-a-number"' in section and "got a string `not-a-number`" in section
    assert "Complete, with 5 rows in quarantine" in page_of(runner).text


@pytest.mark.security
def test_what_comes_from_outside_is_shown_and_never_read_as_html_or_with_a_secret(mock_api, db, pagehaul_for):
    api = mock_api(rows=350, bad_rows=[3])
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": 10})
    runner.succeed()
    evil = "</pre><script>alert(1)</script>"
    # The second one is cut on the page, in the middle of what was a secret.
    db.query("UPDATE pagehaul.quarantine SET payload = %s, reason = %s", evil + TOKEN + "x" * 560 + TOKEN * 9, evil + PASSWORD)
    db.query("UPDATE pagehaul.slice SET key = %s", evil)
    db.query("INSERT INTO pagehaul.setback VALUES (1, %s, 1, 1, now(), now())", evil)
    page = page_of(runner)
    assert "script" not in page.tags
    assert page.sections["quarantine"].count("alert(1)") >= 3 and "alert(1)" in page.sections["retries"]
    assert TOKEN[:8] not in page.source and PASSWORD[:8] not in page.source and "***" in page.source


def test_a_killed_run_says_so_and_when_it_was_resumed_tells_both_processes(mock_api, db, pagehaul_for):
    api = mock_api(rows=2950)
    runner = pagehaul_for(api, db)
    start_midway(runner, api, db, env=RESUME).kill9()
    page = eventually(lambda: "Ended without a word" in (p := page_of(runner)).text and p)
    assert "no exit code was recorded" in page.text and "✕ killed or lost" in page.sections["details"]
    missing = sum(int(row[1]) for row in page.rows("Missing pages by slice"))
    assert missing == PAGES - 12
    release(api)
    runner.succeed(env=RESUME)
    page = page_of(runner)
    assert "Complete: nothing is missing" in page.text and "2 processes" in page.text
    killed, resumed = page.rows("Processes")
    assert killed[8] == "✕ killed or lost" and killed[4:8] == ["–"] * 4, "before its first heartbeat"
    assert resumed[8] == "in order, exit code 0"
    assert [resumed[4], resumed[6], resumed[7]] == [str(PAGES - 12), str(PAGES - 12 + 1), "0"]


def test_a_stopped_run_names_its_holes(mock_api, db, pagehaul_for):
    api = mock_api(rows=2950)
    runner = pagehaul_for(api, db).configure(run={"drain": "0s"})
    running = start_midway(runner, api, db)
    running.terminate()
    assert running.wait() == SIGTERM_EXIT
    page = page_of(runner)
    assert "Incomplete: stopped by SIGTERM" in page.text and "exit code 143" in page.text
    assert f"{PAGES - 12} pages are not stored: {PAGES - 12} waiting" in page.sections["holes"]


def test_a_run_in_progress_promises_nothing(mock_api, db, pagehaul_for):
    api = mock_api(rows=2950)
    runner = pagehaul_for(api, db)
    running = start_midway(runner, api, db)
    page = page_of(runner)
    assert "Still running" in page.text and "exit code" not in page.text and "▸ at work" in page.sections["details"]
    assert "12 pages stored" in page.text and "so 1,750 are still to come" in page.sections["completeness"]
    release(api)
    assert running.wait(60) == OK


def test_a_run_of_nothing_is_complete(mock_api, db, pagehaul_for):
    runner = pagehaul_for(mock_api(rows=0), db)
    runner.succeed()
    page = page_of(runner)
    assert "Complete: nothing is missing" in page.text
    assert "The API told 0 rows: 0 stored + 0 quarantined + 0 duplicate = 0, and that agrees." in page.sections["completeness"]


def test_an_api_without_totals_claims_no_count(mock_api, db, pagehaul_for):
    runner = pagehaul_for(mock_api(rows=350, total="none"), db).configure(source={"pagination": {"total": None}})
    runner.succeed()
    page = page_of(runner)
    assert "shown by pages, not by a count of rows" in page.text and "The API tells no total" in page.sections["completeness"]
    assert page.rows("Slices")[0][1:3] == ["✓ shown by pages", "–"]


def test_a_superseded_run_names_the_run_that_took_over(pagehaul, db):
    pagehaul.succeed("run", "--run-key", "a")
    pagehaul.succeed("run", "--run-key", "b")
    pagehaul.succeed("run", "--run-key", "c")
    # As a start leaves it that takes the slices of an older run over: both in one transaction.
    db.query("UPDATE pagehaul.run SET state = 'superseded', finished_at = (SELECT created_at FROM pagehaul.run WHERE id = 2) WHERE id = 1")
    db.query("UPDATE pagehaul.worker SET exit_code = NULL WHERE run_id = 1")
    page = page_of(pagehaul, "1")
    assert "run 2 has taken over" in page.text and "exit code" not in page.text.replace("no exit code was recorded", "")


def test_a_big_run_makes_a_small_page_and_says_what_it_leaves_out(pagehaul, db):
    pagehaul.succeed()
    db.query("""
        INSERT INTO pagehaul.slice (run_id, key, params, state, total, planned, proof, distinct_keys)
        SELECT 1, 'advertiser_id=' || 100000 + n || ',date=2026-11-01', '{}', 'proven', 1000, 10, 'counts', 1000
        FROM generate_series(1, 1499) n;
        UPDATE pagehaul.slice SET state = 'failed', proof = NULL, distinct_keys = NULL, error = 'the last one failed'
        WHERE id = (SELECT max(id) FROM pagehaul.slice);
        INSERT INTO pagehaul.page (run_id, slice_id, pass, no, state, fetched, stored, quarantined, duplicates, done_at, fetch_ms, setbacks)
        SELECT 1, s.id, 1, no, 'done', 100, 100, 0, 0, r.created_at + (s.id * 10 + no) * interval '100 ms', 20 + (s.id * no) % 700, (no % 5 = 0)::int
        FROM pagehaul.slice s, generate_series(1, 10) no, pagehaul.run r WHERE s.id > 1;
        INSERT INTO pagehaul.tally SELECT id, 1, 1, 10, 1000, 1000, 0, 0 FROM pagehaul.slice WHERE id > 1;
        UPDATE pagehaul.worker SET stopped_at = started_at + interval '25 minutes'""")
    page = page_of(pagehaul)
    assert len(page.source.encode()) < 1 << 20
    first, *others = page.rows("Slices, failed and unproven ones first")
    assert first[1] == "✕ failed" and others[0] == ["the last one failed"]
    assert len(page.rows("More slices")) == 1000 - 25
    assert "500 of 1,500 slices are left out of this page: all of them proven." in page.sections["completeness"]
    assert len(page.rows("Pages stored, by time; spans without any are left out")) <= 72


@pytest.mark.parametrize("run, told", [
    ("7", "there is no run 7 of pipeline creative_report; the ledger has 2 (succeeded"),
    ("yesterday", "RUN: expected the id of a run or `last`, got `yesterday`"),
    ("0", "RUN: expected the id of a run"), ("1x", "RUN: expected the id of a run")])
def test_a_run_that_is_not_there_is_64_and_says_what_there_is(pagehaul, run, told):
    pagehaul.succeed("run", "--run-key", "a")
    pagehaul.succeed("run", "--run-key", "b")
    result = pagehaul.run("report", run, "--html", "-")
    assert result.code == USAGE and told in result.stderr and result.stdout == "", str(result)


def test_a_run_of_another_pipeline_is_named_as_such(pagehaul):
    pagehaul.succeed()
    pagehaul.configure(pipeline="other", sink={"table": "report.other"})
    result = pagehaul.run("report", "1", "--html", "-")
    assert result.code == USAGE and "it is a run of pipeline creative_report" in result.stderr, str(result)
    result = pagehaul.run("report", "last", "--html", "-")
    assert result.code == USAGE and "pipeline other has not run yet" in result.stderr, str(result)


def test_without_a_ledger_nothing_has_run(pagehaul):
    result = pagehaul.run("report", "last", "--html", "-")
    assert result.code == USAGE and "there is no ledger" in result.stderr, str(result)


@pytest.mark.parametrize("arguments", [["last"], ["--html", "x.html"], []])
def test_a_call_without_run_or_html_is_64_and_names_it(pagehaul, arguments):
    result = pagehaul.run("report", *arguments)
    assert result.code == USAGE and "required" in result.stderr and "--help" in result.stderr, str(result)


def test_a_ledger_of_an_older_version_is_78_and_says_what_helps(pagehaul, db):
    pagehaul.succeed()
    db.query("DELETE FROM pagehaul.schema_version WHERE version > 1")
    result = pagehaul.run("report", "last", "--html", "-")
    assert result.code == CONFIG and "pagehaul migrate" in result.stderr, str(result)


def test_a_role_that_may_only_read_the_ledger_can_make_it(pagehaul, db, role):
    pagehaul.succeed()
    db.query(f"GRANT USAGE ON SCHEMA pagehaul TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA pagehaul TO {role}")
    dsn = db.dsn_through(db.cluster.host, db.cluster.port, user=role)
    assert "Complete" in page_of(pagehaul, env={"DATABASE_URL": dsn}).text


def test_a_file_is_replaced_by_a_newer_report_and_nothing_else_lies_about(pagehaul, tmp_path):
    pagehaul.succeed()
    target = tmp_path / "out" / "last.html"
    target.parent.mkdir()
    for _ in range(2):
        result = pagehaul.succeed("report", "last", "--html", target)
        assert result.stdout == "" and "nothing is missing" in target.read_text()
    assert os.listdir(target.parent) == ["last.html"]


@pytest.mark.security
def test_a_link_stays_a_link_and_its_file_is_replaced(pagehaul, tmp_path):
    pagehaul.succeed()
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    pagehaul.succeed("report", "last", "--html", tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink() and "nothing is missing" in (tmp_path / "real.html").read_text()


def test_a_device_takes_the_page_and_stays_a_device(pagehaul, tmp_path):
    pagehaul.succeed()
    pipe = tmp_path / "null"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    result = pagehaul.start("report", "last", "--html", pipe)
    got = b""
    while result.running or not got.endswith(b"</html>\n"):
        try:
            got += os.read(reader, 1 << 16)
        except BlockingIOError:
            pass
    assert result.wait() == OK and got.endswith(b"</html>\n") and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


@pytest.mark.security
def test_a_file_that_is_no_page_is_left_alone(pagehaul):
    pagehaul.succeed()
    before = pagehaul.config_path.read_text()
    result = pagehaul.run("report", "last", "--html", pagehaul.config_path)
    assert result.code == USAGE and "is no HTML page" in result.stderr, str(result)
    assert pagehaul.config_path.read_text() == before


@pytest.mark.parametrize("name, told", [("", "is a directory"), ("missing/x.html", "No such file or directory")])
def test_a_place_that_cannot_be_written_is_64_and_named(pagehaul, tmp_path, name, told):
    pagehaul.succeed()
    result = pagehaul.run("report", "last", "--html", tmp_path / name)
    assert result.code == USAGE and told in result.stderr and str(tmp_path) in result.stderr, str(result)
