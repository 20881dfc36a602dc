"""Traces at a receiver that checks them with OpenTelemetry's published messages: what a run's spans say, and which are sent."""

import pytest

from harness.collector import Collector, children, named
from harness.pagehaul import DATA, OK
from harness.pipeline import TABLE, sliced

INHERITED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"


@pytest.fixture
def collector():
    server = Collector()
    yield server
    server.close()


@pytest.fixture
def tracing(pagehaul, collector):
    return pagehaul.configure(telemetry={"traces": {"endpoint": collector.url}})


def run_span(spans):
    (run,) = named(spans, "run")
    return run


def test_a_run_is_one_trace_of_its_slices_and_their_pages(tracing, collector, api):
    tracing.configure(sliced(advertisers=["1001"])).succeed()
    spans = collector.spans()
    run = run_span(spans)
    assert run.parent == "" and {span.trace for span in spans} == {run.trace}
    slices = named(spans, "slice")
    assert {span.parent for span in slices} == {run.id} and len(slices) == 2
    assert {span["pagehaul.outcome"] for span in slices} == {"proven"} and not [span for span in spans if span.failed]
    for part in slices:
        jobs = children(spans, part)
        assert {job.name for job in jobs} == {"page", "proof"} and {job["pagehaul.slice"] for job in jobs} == {part["pagehaul.slice"]}
        assert [job["pagehaul.page"] for job in jobs if job.name == "page"][0] == 1
        assert part.start <= jobs[0].start and max(job.end for job in jobs) <= part.end
        pages = [job for job in jobs if job.name == "page"]
        assert sorted(page["pagehaul.page"] for page in pages) == list(range(1, len(pages) + 1))
        assert {page["pagehaul.outcome"] for page in pages} == {"fetched"}
    assert len(named(spans, "fetch")) == len(api.log())
    assert (run["pagehaul.pipeline"], run["pagehaul.verdict"], run["pagehaul.exit_code"]) == ("creative_report", "succeeded", OK)
    assert run["pagehaul.pages_stored"] == len(named(spans, "page"))


def test_a_page_waits_is_fetched_and_decoded(tracing, collector, api):
    tracing.succeed()
    spans = collector.spans()
    for page in named(spans, "page"):
        wait, fetch, decode = children(spans, page)
        assert (wait.name, fetch.name, decode.name) == ("wait", "fetch", "decode")
        assert page.start <= wait.start <= wait.end <= fetch.start <= fetch.end <= decode.start <= decode.end <= page.end
        assert fetch.kind == 3, "CLIENT"
        assert fetch["http.request.method"] == "POST" and fetch["url.path"] == "/data/report/offline/creative"
        assert f"http://{fetch['server.address']}:{fetch['server.port']}" == api.url
        assert fetch["http.response.status_code"] == 200 and fetch["http.response.body.size"] > 1000
        assert "http.request.resend_count" not in fetch.attributes


def test_a_query_is_in_no_span(pagehaul_for, mock_api, db, collector):
    api = mock_api(auth="query")
    runner = pagehaul_for(api, db).configure(
        source={"auth": None}, telemetry={"traces": {"endpoint": collector.url}}).configure(
        source={"auth": {"type": "query", "name": "Access-Token", "value": "${ACCESS_TOKEN}"}})
    runner.succeed()
    assert named(collector.spans(), "fetch")
    sent = b"".join(body for _, _, body in collector.requests)
    assert b"Access-Token" not in sent and runner.env["ACCESS_TOKEN"].encode() not in sent


def test_each_attempt_is_a_span_that_says_why_it_failed(tracing, collector, api):
    api.set(faults=["503"], fault_pages=[3], fault_tries=2)
    log = tracing.succeed().log
    spans = collector.spans()
    attempts = sorted((job for job in named(spans, "page") if job["pagehaul.page"] == 3), key=lambda job: job.start)
    assert [job["pagehaul.attempt"] for job in attempts] == [1, 2, 3]
    assert [job["pagehaul.outcome"] for job in attempts] == ["to be retried", "to be retried", "fetched"]
    assert [job.failed for job in attempts] == [True, True, False]
    failed = [line for line in log if line["msg"] == "page failed"]
    for job, line in zip(attempts, failed):
        assert "503" in job.message and job["error.type"] == "transient"
        (event,) = job.events
        assert event == ("retry", {"pagehaul.delay_ms": line["delay_ms"], "pagehaul.counted": line["counted"]})
        fetch = children(spans, job)[1]
        assert fetch.failed and (fetch["http.response.status_code"], fetch["error.type"]) == (503, "503")
        assert (line["trace_id"], line["span_id"]) == (job.trace, job.id)
    resent = children(spans, attempts[2])[1]
    assert resent["http.request.resend_count"] == 2 and not resent.failed
    assert run_span(spans)["pagehaul.retries"] == 2


def test_a_request_without_an_answer_says_which_kind_of_failure(tracing, collector, api):
    api.set(faults=["reset"], fault_pages=[3])
    tracing.succeed()
    spans = collector.spans()
    (job,) = [job for job in named(spans, "page") if job.failed]
    wait, fetch = children(spans, job)
    assert (wait.failed, fetch.failed, fetch["error.type"]) == (False, True, "transient")
    assert "http.response.status_code" not in fetch.attributes and fetch.message


def test_a_commit_links_to_the_pages_it_stores(tracing, collector):
    tracing.succeed()
    spans = collector.spans()
    commits = named(spans, "commit")
    assert {commit.parent for commit in commits} == {run_span(spans).id}
    assert sorted(link for commit in commits for link in commit.links) == sorted(page.id for page in named(spans, "page"))
    assert sum(commit["pagehaul.pages_stored"] for commit in commits) == 10
    assert sum(commit["pagehaul.rows_changed"] for commit in commits) == 1000


def test_a_commit_that_the_database_refuses_says_so_by_its_sqlstate(tracing, collector, api, db):
    """Its batch fails for one row; the row's page is stored row by row."""
    tracing.succeed()
    before = len(collector.spans())
    bad = api.rows()[450]["creativity_id"]
    db.query(f"TRUNCATE {TABLE}; ALTER TABLE {TABLE} ADD CHECK (creativity_id <> {bad})")
    tracing.configure(run={"quarantine_limit": 1}).succeed("run", "--fresh")
    spans = collector.spans()[before:]
    commits = named(spans, "commit")
    failed = [commit for commit in commits if commit.failed]
    assert failed and {commit["error.type"] for commit in failed} == {commit["db.response.status_code"] for commit in failed} == {"23514"}
    (by_row,) = [commit for commit in commits if "pagehaul.row_by_row" in commit.attributes]
    (page,) = [page for page in named(spans, "page") if page["pagehaul.page"] == 5]
    assert not by_row.failed and by_row.links == [page.id]


def test_a_failed_run_and_slice_say_why(tracing, collector, api):
    api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    assert tracing.run().code == DATA
    spans = collector.spans()
    run = run_span(spans)
    assert run.failed and run["error.type"] == "exit_65" and "404" in run.message
    (page,) = [job for job in named(spans, "page") if job.failed]
    assert (page["pagehaul.page"], page["pagehaul.outcome"], page["error.type"]) == (4, "refused", "permanent")


def test_a_slice_that_is_pulled_again_says_so(tracing, collector, api):
    api.set(drift="insert", drift_after=4, drift_rows=3)
    tracing.succeed()
    spans = collector.spans()
    (part,) = named(spans, "slice")
    assert part["pagehaul.outcome"] == "proven"
    ((name, facts),) = part.events
    assert name == "the API moved" and facts["pagehaul.pass"] == 1 and facts["pagehaul.cause"]
    assert {job["pagehaul.pass"] for job in named(spans, "page")} == {1, 2}


def test_the_run_and_its_slices_are_always_recorded_and_pages_by_the_ratio(tracing, collector, api):
    tracing.configure(source={"pagination": {"size": 10}}, telemetry={"traces": {"sampling": 0.5}})
    api.set(faults=["503"], fault_pages=list(range(1, 101)))
    tracing.succeed()
    spans = collector.spans()
    assert len(named(spans, "run")) == len(named(spans, "slice")) == 1
    attempts = {}
    for job in named(spans, "page"):
        attempts.setdefault(job["pagehaul.page"], []).append(job.failed)
    assert 20 < len(attempts) < 80, "six standard deviations around a half of 100 pages"
    assert {tuple(sorted(failed)) for failed in attempts.values()} == {(False, True)}, "all attempts of a page, or none"
    linked = {link for commit in named(spans, "commit") for link in commit.links}
    assert linked == {job.id for job in named(spans, "page") if not job.failed}


def test_with_sampling_0_only_the_run_and_its_slices_are_recorded(tracing, collector):
    tracing.configure(telemetry={"traces": {"sampling": 0}}).succeed()
    assert sorted(span.name for span in collector.spans()) == ["run", "slice"]


def test_the_api_gets_the_trace_only_if_asked_for(tracing, collector, api):
    tracing.succeed()
    assert {entry["traceparent"] for entry in api.log()} == {""}
    before = len(collector.spans())
    api.clear_log()
    tracing.configure(telemetry={"traces": {"propagate": True}}).succeed("run", "--fresh")
    spans = collector.spans()[before:]
    sent = sorted(entry["traceparent"] for entry in api.log())
    assert sent == sorted(f"00-{fetch.trace}-{fetch.id}-01" for fetch in named(spans, "fetch"))


def test_requests_of_pages_that_are_not_sampled_carry_the_trace_as_not_sampled(tracing, collector, api):
    tracing.configure(telemetry={"traces": {"propagate": True, "sampling": 0}}).succeed()
    run = run_span(collector.spans())
    sent = [entry["traceparent"] for entry in api.log()]
    assert len(set(sent)) > 1 and {text[:36] for text in sent} == {f"00-{run.trace}-"} and {text[-3:] for text in sent} == {"-00"}


def test_a_traceparent_of_the_environment_is_the_runs_parent(tracing, collector):
    result = tracing.succeed(env={"TRACEPARENT": INHERITED + "01"})
    run = run_span(collector.spans())
    assert (run.trace, run.parent) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert {line["trace_id"] for line in result.log} == {run.trace}


def test_a_parent_that_is_not_recorded_means_that_nothing_is(tracing, collector, api):
    tracing.configure(telemetry={"traces": {"propagate": True}}).succeed(env={"TRACEPARENT": INHERITED + "00"})
    assert collector.requests == []
    assert {entry["traceparent"][:36] for entry in api.log()} == {"00-0af7651916cd43dd8448eb211c80319c-"}
    assert {entry["traceparent"][-3:] for entry in api.log()} == {"-00"}


def test_a_traceparent_that_is_none_begins_a_new_trace_and_is_told(tracing, collector):
    result = tracing.succeed(env={"TRACEPARENT": "00-zz-1-01"})
    assert run_span(collector.spans()).parent == ""
    assert [line["level"] for line in result.log if "TRACEPARENT" in line["msg"]] == ["warn"]


def test_every_line_of_the_log_names_the_trace(tracing, collector, api):
    api.set(faults=["503"], fault_pages=[2])
    result = tracing.configure(telemetry={"log": {"level": "debug"}}).succeed()
    spans = collector.spans()
    assert {line["trace_id"] for line in result.log} == {run_span(spans).trace}
    pages = {(job["pagehaul.page"], job["pagehaul.outcome"]): job.id for job in named(spans, "page")}
    for line in result.log:
        if line["msg"] == "page stored":
            assert line["span_id"] == pages[line["page"], "fetched"]


def test_without_an_endpoint_nothing_is_exported_and_no_line_names_a_trace(pagehaul, api):
    result = pagehaul.succeed()
    assert not [line for line in result.log if "trace_id" in line or "span_id" in line]
    assert {entry["traceparent"] for entry in api.log()} == {""}
