"""The page for one pipeline: how it is, what it did, and, folded up, why."""

from model import (annotation, constant, dashboard, explored, laid_out, link, linked, series, source, stat, states, steps, table,
                   variable)
from queries import THIS as this
from queries import AT_WORK, EXIT_CODES, GUIDE, IDENTITY, SLACK, STATES, a_second, each
from kubernetes import KUBERNETES, WORKERS

UID = "pagehaul-pipeline"
WHOLE = steps("red", (1, "green"))
EXITS = [linked("What to do about it", GUIDE + "#exit-codes", new_tab=True)]



def errors(series_, name, label="", found=""):
    """A line of that name for each series above 0."""
    return f'max by (error) (label_replace({series_} > 0, "error", "{name}", "{label}", "{found}"))'


ERRORS = [errors(f'pagehaul:requests{{{this.where}, code!~"1..|2..|3.."}}', "answer $1", "code", "(.*)"),
          errors(this.of("pagehaul:retries"), "tries repeated"),
          errors(this.of("pagehaul:pages", result="failed"), "pages failed"), errors(this.of("pagehaul:slices", result="failed"), "slices failed")]

NOW = [
    stat("State", "The worst of: overdue, failed, gone quiet (said it was at work and has pushed nothing for ten minutes), at work, fresh.", "none",
         (this.state, "state"), words=STATES, none="unknown"),
    stat("Of its interval", "The time since the last success as a share of the interval at which new data is expected (a day where the pipeline names "
         "none). Beyond 100 % and the slack of the alert PagehaulNotSucceeding a run is overdue.", "percentunit", (this.used, "used"), kind="gauge", bounds=(0, 2),
         decimals=0, none="never", thresholds=steps("green", (1, "yellow"), (2, "red"))),
    stat("Since the last success", "How long ago a run last ended complete and proven. A failed run leaves it as it was.", "s",
         (this.since_success, "since"), none="never"),
    stat("Progress", "Of the run at work: the share of its data that is accounted for.", "percentunit", (this.progress, "progress"), kind="gauge",
         bounds=(0, 1), decimals=0, none="no run at work", thresholds=steps("blue")),
    stat("Time left", "Of the run at work, if it goes on at its present pace.", "s", (this.time_left, "left"), none="no run at work", decimals=0),
    stat("How the last run ended", "The exit code of the last run that ended. The operator's guide says what to do about each; the log has the error's words.",
         "none", (each(this.of("pagehaul:last_run_exit_code")), "exit code"), words=EXIT_CODES, none="none yet", links=EXITS),
    stat("Completeness", "Share of the last run's data that is accounted for: rows stored, quarantined or duplicate over the rows that the API told, or "
         "pages where it tells no number of rows. A run at work is on its way there.", "percentunit",
         (f"({this.whole}) or ({this.at_work}) * 0 - 1", "complete"), thresholds=WHOLE, words=AT_WORK, decimals=2, none="not told"),
    stat("Data is behind by", "Age of the newest day that is known to be complete: the pipeline's watermark. None without slices by date.", "s",
         (this.lag, "behind"), none="unknown"),
    stat("Quarantined", "Rows of the newest run that did not convert and were kept aside with their reason; `pagehaul status` shows samples.", "short",
         (each(this.of("pagehaul:quarantined_rows")), "rows"), thresholds=steps("text", (1, "orange"))),
    table("Errors of the newest run", "What went wrong in it: answers of the API other than a success (none: no answer came), tries that were repeated, pages "
          "and slices that failed for good. Their words stand in the log.", ("error",), [("count", " or ".join(ERRORS), {"unit": "short"})], size=(12, 5)),
]

RUNS = [
    series("Duration and deadline", "What the last run that ended took, how long the one at work has been at it, and the deadline at which it "
           "ends itself.", "s",
           (this.of("pagehaul_last_run_duration_seconds"), "last run"),
           (f"time() - {this.of('pagehaul_last_run_timestamp_seconds')} and {this.of('pagehaul_run_in_progress')} == 1", "at work since"),
           (this.of("pagehaul_run_deadline_seconds"), "deadline")),
    states("Exit codes", "The exit code of the run that had ended last, over time.", EXIT_CODES, (this.of("pagehaul_last_run_exit_code"), "exit code")),
    series("Freshness", "Time since the last success, and how far the data is behind, against the objective.", "s",
           (this.since_success, "since success"), (this.lag, "data behind"), (this.objective, "objective")),
    series("Rows by result", "Rows of the run: fetched = stored + quarantined + duplicate.", "short",
           *this.by_result("pagehaul_rows", "stored", "duplicate", "quarantined", "fetched"), stack=True),
    series("Pages by result", "Pages of the run. It ends complete when every planned one is stored.", "short",
           *this.by_result("pagehaul_pages", "stored", "failed", "planned"), stack=True),
    series("Slices by result", "Slices of the run, such as days: a proven one has been shown to be complete.", "short",
           *this.by_result("pagehaul_slices", "proven", "failed", "left", "planned"), stack=True),
    series("Completeness over time", "Share of the run's data that is accounted for. Above 100 % where the API has fewer rows than it told.", "percentunit",
           (this.of("pagehaul_completeness_ratio"), "complete")),
    series("Quarantine", "Rows of the run that did not convert and were kept aside.", "short", (this.of("pagehaul_quarantined_rows"), "rows")),
    series("At work", "1 while a run is at work.", "none", (this.of("pagehaul_run_in_progress"), "at work"), top=1),
]

STREAMS = [
    series("Rows by stream", "Of a config with streams, what each had when the run ended.", "short",
           (this.of("pagehaul_stream_rows"), "{{stream}} {{result}}"), size=(12, 8)),
    series("Slices by stream", "Slices of each stream when the run ended, those that records of a parent made among them.", "short",
           (this.of("pagehaul_stream_slices"), "{{stream}} {{result}}"), size=(12, 8)),
]

API = [
    series("Pages a second", "Pages stored a second, while a run is at work.", "ops", (a_second(this.of("pagehaul_pages", result="stored")), "pages")),
    series("Rows a second", "Rows stored a second, while a run is at work.", "ops", (a_second(this.of("pagehaul_rows", result="stored")), "rows")),
    series("API latency", "Time to a whole answer of the API.", "s", *this.latency("pagehaul_request_duration_seconds")),
    series("Answers by code", "Answers a second by HTTP status; none: no answer came.", "reqps",
           (f"sum by ({IDENTITY}, code) ({a_second(this.of('pagehaul_requests'))})", "{{code}}"), stack=True),
    series("Throttled", "Answers 429 of the run: the API asks for fewer requests. `source.limits.rate` sets how many pagehaul sends.", "short",
           (f"sum without (code) ({this.of('pagehaul_requests', code='429')}) or {this.of('pagehaul_retries')} * 0", "429")),
    series("Retries", "Attempts of the run that failed and were tried again.", "short", (this.of("pagehaul_retries"), "retries")),
]

INSIDE = [
    series("Commit latency", "Time of a writer's transaction: staging, merge and ledger.", "s", *this.latency("pagehaul_commit_duration_seconds")),
    series("Queue depth", "Page jobs that are claimed and wait for a worker.", "short", (this.of("pagehaul_queue_depth"), "pages")),
    series("Requests in flight and workers", "Requests under way against what may be under way now (health of the API and `source.limits` decide), "
           "and threads.", "short", (this.of("pagehaul_requests_in_flight"), "in flight"),
           (this.of("pagehaul_requests_in_flight_limit"), "limit"), (this.of("pagehaul_workers"), "workers: {{kind}}")),
    series("Memory", "Resident memory and the bytes in buffers, against the memory that pagehaul found itself to be allowed, if "
           "anything limits it.", "bytes",
           (this.of("pagehaul_memory_resident_bytes"), "resident"), (this.of("pagehaul_buffer_bytes"), "buffers"),
           (this.of("pagehaul_memory_limit_bytes"), "limit")),
    series("Pushes that failed", "Of the last process, as pagehaul counts them, told by the next push that succeeds; and 1 while the last "
           "push that the Pushgateway saw is one that it refused, which nobody tells of by OTLP.", "short",
           (this.of("pagehaul_push_failures"), "failed"),
           (f"{this.of('push_failure_time_seconds', job='pagehaul')} > bool {this.of('push_time_seconds', job='pagehaul')}", "refused")),
    series("Since the last push", "Age of what is shown here, as the Pushgateway says. While a run is at work it stays below `telemetry.pushgateway.interval`.", "s",
           (f"time() - {this.of('push_time_seconds', job='pagehaul')}", "age")),
    table("Sizing", "What the sizing of the last run read and decided.", ("name",),
          [("value", f"max by (name) ({this.of('pagehaul_sizing')})", {})], size=(12, 8), unit="short"),
    table("Version", "The program of the last run, and the CronJob that starts it.", ("version", "cronjob"),
          [("", f"max by (version) ({this.of('pagehaul_build_info')})", {}),
           ("", f"max by (cronjob) ({this.of('pagehaul_info')})", {})], size=(12, 8), hidden=("Value #A", "Value #B")),
]

LAST_RUN = this.of("pagehaul_last_run_timestamp_seconds") + " * 1000"
ENDED = f"({LAST_RUN}) and ({this.of('pagehaul_run_in_progress')} == 0)"
ANNOTATIONS = [
    annotation("A run begins", f"({LAST_RUN}) and ({this.of('pagehaul_run_in_progress')} == 1)", "blue", "{{pipeline}} began"),
    annotation("A run succeeds", this.of("pagehaul_last_success_timestamp_seconds") + " * 1000", "green", "{{pipeline}} ended complete and proven"),
    annotation("A run fails", f"{ENDED} and ({this.of('pagehaul_last_run_success')} == 0)", "red", "{{pipeline}} ended otherwise"),
]

OWNED = '{%s, owner_kind="%s", owner_name=~"$%s"}'
VARIABLES = [
    source("datasource", "Data source", "prometheus"),
    variable("cluster", "Cluster", "label_values(pagehaul:last_run_timestamp_seconds, cluster)", multi=False, every=False),
    variable("namespace", "Namespace", 'label_values(pagehaul:last_run_timestamp_seconds{cluster="$cluster"}, namespace)', multi=False, every=False),
    variable("pipeline", "Pipeline", f"label_values(pagehaul:last_run_timestamp_seconds{{{this.place}}}, pipeline)", multi=False, every=False),
    # For the row Kubernetes.
    variable("cronjob", "CronJob", f"label_values({this.of('pagehaul:info')}, cronjob)", hidden=True),
    variable("job", "Job", f"label_values(kube_job_owner{OWNED % (this.place, 'CronJob', 'cronjob')}, job_name)", hidden=True),
    variable("pod", "Pod", f"label_values(kube_pod_owner{OWNED % (this.place, 'Job', 'job')}, pod)", hidden=True),
    constant("slack", str(SLACK)),
    source("logs", "Logs", "loki", hidden=True),
    source("traces", "Traces", "tempo", hidden=True),
]

LINKS = [
    link("All pipelines", "/d/pagehaul?${datasource:queryparam}&${cluster:queryparam}&${namespace:queryparam}", "dashboard", "The overview", new_tab=False,
         keeps_time=True),
    link("Runbook", GUIDE + "#alerts", "doc", "What to do about each alert and exit code"),
    link("Logs", explored("loki", "logs", {"expr": '{namespace="${namespace}", container="run"} | json | pipeline="${pipeline}"', "queryType": "range"}),
         "gf-logs", "What its runs logged, from Loki"),
    link("Traces", explored("tempo", "traces", {"query": '{ span.pagehaul.pipeline = "${pipeline}" }', "queryType": "traceql", "limit": 20}),
         "gf-traces", "Its runs, slices and pages, from Tempo"),
]

DASHBOARD = dashboard(
    UID, "pagehaul: a pipeline", "Is the data of this pipeline fresh and complete, and if not, why?", variables=VARIABLES, links=LINKS,
    annotations=ANNOTATIONS,
    panels=laid_out([("Is the data fresh and complete?", NOW), ("Runs", RUNS), ("Streams", STREAMS, "collapsed"), ("API", API, "collapsed"),
                     ("Inside", INSIDE, "collapsed"), ("Workers", WORKERS, "collapsed"), ("Kubernetes", KUBERNETES, "collapsed")]))
