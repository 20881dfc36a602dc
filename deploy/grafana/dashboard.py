"""Makes pagehaul.json from what is declared here: dashboard.py [--check]

The series of a run are gauges that a Pushgateway keeps: they fall back when the next run begins, and stand still when none is at work. So what
a second brought is `deriv`, cut off at zero where a run begins; `rate` is for the two histograms alone, which begin anew with each run as well.
No query selects by `job`, which depends on how the Pushgateway is scraped, but those for its own two series.
"""

import pathlib
import sys

from model import laid_out, mapped, pretty, series, stat, states, steps, table, variable

FILE = pathlib.Path(__file__).with_name("pagehaul.json")
OURS = '{pipeline=~"$pipeline"}'
DAY = 86400

EXIT_CODES = {
    0: ("0 succeeded", "green"), 64: ("64 wrong command line", "red"), 65: ("65 data refused", "red"), 69: ("69 API or database away", "orange"),
    70: ("70 a bug", "red"), 75: ("75 incomplete, resumable", "yellow"), 77: ("77 credentials refused", "red"), 78: ("78 bad config", "red"),
    130: ("130 stopped (SIGINT)", "yellow"), 143: ("143 stopped (SIGTERM)", "yellow")}
VERDICTS = {0: ("not complete", "red"), 1: ("succeeded", "green")}
WHOLE = steps("red", (1, "green"))


def ours(metric, **labels):
    more = "".join(f', {label}="{value}"' for label, value in labels.items())
    return f'{metric}{{pipeline=~"$pipeline"{more}}}'


def a_second(selector):
    return f"clamp_min(deriv({selector}[$__rate_interval]), 0)"


def by_result(metric, *results):
    return [(ours(metric, result=result), f"{{{{pipeline}}}} {result}") for result in results]


def latency(metric):
    """Quantiles and mean of what was measured within the window."""
    count, total, buckets = (f"rate({ours(metric + part)}[$__rate_interval])" for part in ("_count", "_sum", "_bucket"))
    quantiles = ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    return [*((f"histogram_quantile({q}, sum by (le, pipeline) ({buckets}))", f"{{{{pipeline}}}} {name}") for q, name in quantiles),
            (f"sum by (pipeline) ({total}) / sum by (pipeline) ({count})", "{{pipeline}} mean")]


SINCE_SUCCESS = f"time() - {ours('pagehaul_last_success_timestamp_seconds')}"
# What a pipeline that names none is held to: a day.
OBJECTIVE = f"{ours('pagehaul_expected_interval_seconds')} or {ours('pagehaul_last_run_timestamp_seconds')} * 0 + {DAY}"
LAG = f"time() - {ours('pagehaul_source_watermark_timestamp_seconds')}"


def each(expression):
    """One value a pipeline, without the labels that the scrape adds."""
    return f"max by (pipeline) ({expression})"


AT_A_GLANCE = [
    stat("Since the last success", "How long ago a run last ended complete and proven. A failed run leaves it as it was.", "s",
         (each(SINCE_SUCCESS), "{{pipeline}}"), none="never"),
    stat("Of its objective", "The time since the last success as a share of the interval at which new data is expected (a day where the pipeline names "
         "none). Above 100 % a run is overdue; at 200 % PagehaulNotSucceeding fires.", "percentunit",
         (each(f"({SINCE_SUCCESS}) / ({OBJECTIVE})"), "{{pipeline}}"), kind="gauge", bounds=(0, 2), decimals=0, none="never",
         thresholds=steps("green", (1, "yellow"), (2, "red"))),
    stat("Last verdict", "Whether the last run that ended was complete and proven.", "none",
         (each(ours("pagehaul_last_run_success")), "{{pipeline}}"), words=VERDICTS, none="none yet"),
    stat("Last exit code", "The exit code of the last run that ended. The operator's guide says what to do about each.", "none",
         (each(ours("pagehaul_last_run_exit_code")), "{{pipeline}}"), words=EXIT_CODES, none="none yet"),
    stat("Completeness", "Share of the run's data that is accounted for: rows stored, quarantined or duplicate over the rows that the API told, or "
         "pages where it tells no number of rows. Below 100 % while a run is at work; after it something is missing.", "percentunit",
         (each(ours("pagehaul_completeness_ratio")), "{{pipeline}}"), thresholds=WHOLE, decimals=2, none="not told"),
    stat("Data is behind by", "Age of the newest day that is known to be complete: the pipeline's watermark. None without slices by date.", "s",
         (each(LAG), "{{pipeline}}"), none="unknown"),
    table("Pipelines", "All selected pipelines, a line each.", "pipeline", [
        ("since success", each(SINCE_SUCCESS), {"unit": "s"}),
        ("objective", each(OBJECTIVE), {"unit": "s"}),
        ("used", each(f"({SINCE_SUCCESS}) / ({OBJECTIVE})"),
         {"unit": "percentunit", "decimals": 0, "min": 0, "max": 2, "thresholds": steps("green", (1, "yellow"), (2, "red")),
          "custom.cellOptions": {"type": "gauge", "mode": "basic"}}),
        ("exit code", each(ours("pagehaul_last_run_exit_code")), {"mappings": mapped(EXIT_CODES), "custom.cellOptions": {"type": "color-text"}}),
        ("completeness", each(ours("pagehaul_completeness_ratio")),
         {"unit": "percentunit", "decimals": 2, "thresholds": WHOLE, "custom.cellOptions": {"type": "color-text"}}),
        ("data behind by", each(LAG), {"unit": "s"}),
        ("quarantined", each(ours("pagehaul_quarantined_rows")),
         {"unit": "short", "thresholds": steps("green", (1, "orange")), "custom.cellOptions": {"type": "color-text"}}),
        ("running", each(ours("pagehaul_run_in_progress")), {"unit": "bool_yes_no"}),
        ("last run", each(ours("pagehaul_last_run_timestamp_seconds")) + " * 1000", {"unit": "dateTimeFromNow"}),
    ]),
]

RUNS = [
    series("Duration and deadline", "What the last run that ended took, how long the one at work has been at it, and the deadline at which it "
           "ends itself.", "s",
           (ours("pagehaul_last_run_duration_seconds"), "{{pipeline}} last run"),
           (f"time() - {ours('pagehaul_last_run_timestamp_seconds')} and {ours('pagehaul_run_in_progress')} == 1", "{{pipeline}} at work since"),
           (ours("pagehaul_run_deadline_seconds"), "{{pipeline}} deadline")),
    states("Exit codes", "The exit code of the run that had ended last, over time.", EXIT_CODES, (ours("pagehaul_last_run_exit_code"), "{{pipeline}}")),
    series("Freshness", "Time since the last success, and how far the data is behind, against the objective.", "s",
           (SINCE_SUCCESS, "{{pipeline}} since success"), (LAG, "{{pipeline}} data behind"), (OBJECTIVE, "{{pipeline}} objective")),
    series("Rows by result", "Rows of the run: fetched = stored + quarantined + duplicate.", "short",
           *by_result("pagehaul_rows", "stored", "duplicate", "quarantined", "fetched"), stack=True),
    series("Pages by result", "Pages of the run. It ends complete when every planned one is stored.", "short",
           *by_result("pagehaul_pages", "stored", "failed", "planned"), stack=True),
    series("Slices by result", "Slices of the run, such as days: a proven one has been shown to be complete.", "short",
           *by_result("pagehaul_slices", "proven", "failed", "left", "planned"), stack=True),
    series("Completeness", "Share of the run's data that is accounted for. Above 100 % where the API has fewer rows than it told.", "percentunit",
           (ours("pagehaul_completeness_ratio"), "{{pipeline}}")),
    series("Quarantine", "Rows of the run that did not convert and were kept aside with their reason; `pagehaul status` shows samples.", "short",
           (ours("pagehaul_quarantined_rows"), "{{pipeline}}")),
    series("At work", "1 while a run is at work.", "none", (ours("pagehaul_run_in_progress"), "{{pipeline}}"), top=1),
    series("Rows by stream", "Of a config with streams, what each had when the run ended.", "short",
           (ours("pagehaul_stream_rows"), "{{pipeline}} {{stream}} {{result}}"), size=(12, 8)),
    series("Slices by stream", "Slices of each stream when the run ended, those that records of a parent made among them.", "short",
           (ours("pagehaul_stream_slices"), "{{pipeline}} {{stream}} {{result}}"), size=(12, 8)),
]

API = [
    series("Pages a second", "Pages stored a second, while a run is at work.", "ops", (a_second(ours("pagehaul_pages", result="stored")), "{{pipeline}}")),
    series("Rows a second", "Rows stored a second, while a run is at work.", "ops", (a_second(ours("pagehaul_rows", result="stored")), "{{pipeline}}")),
    series("API latency", "Time to a whole answer of the API.", "s", *latency("pagehaul_request_duration_seconds")),
    series("Answers by code", "Answers a second by HTTP status; none: no answer came.", "reqps",
           (f"sum by (pipeline, code) ({a_second(ours('pagehaul_requests'))})", "{{pipeline}} {{code}}"), stack=True),
    series("Throttled", "Answers 429 of the run: the API asks for fewer requests. `source.limits.rate` sets how many pagehaul sends.", "short",
           (f"sum without (code) ({ours('pagehaul_requests', code='429')}) or {ours('pagehaul_retries')} * 0", "{{pipeline}}")),
    series("Retries", "Attempts of the run that failed and were tried again.", "short", (ours("pagehaul_retries"), "{{pipeline}}")),
]

INSIDE = [
    series("Commit latency", "Time of a writer's transaction: staging, merge and ledger.", "s", *latency("pagehaul_commit_duration_seconds")),
    series("Queue depth", "Page jobs that are claimed and wait for a worker.", "short", (ours("pagehaul_queue_depth"), "{{pipeline}}")),
    series("Requests in flight and workers", "Requests under way against what may be under way now (health of the API and `source.limits` decide), "
           "and threads.", "short", (ours("pagehaul_requests_in_flight"), "{{pipeline}} in flight"),
           (ours("pagehaul_requests_in_flight_limit"), "{{pipeline}} limit"), (ours("pagehaul_workers"), "{{pipeline}} workers: {{kind}}")),
    series("Memory", "Resident memory and the bytes in buffers, against the memory that pagehaul found itself to be allowed, if "
           "anything limits it.", "bytes",
           (ours("pagehaul_memory_resident_bytes"), "{{pipeline}} resident"), (ours("pagehaul_buffer_bytes"), "{{pipeline}} buffers"),
           (ours("pagehaul_memory_limit_bytes"), "{{pipeline}} limit")),
    series("Pushes that failed", "Of the last process, as pagehaul counts them, told by the next push that succeeds; and 1 while the last "
           "push that the Pushgateway saw is one that it refused.", "short",
           (ours("pagehaul_push_failures"), "{{pipeline}} failed"),
           (f"{ours('push_failure_time_seconds', job='pagehaul')} > bool {ours('push_time_seconds', job='pagehaul')}", "{{pipeline}} refused")),
    series("Since the last push", "Age of what is shown here. While a run is at work it stays below `telemetry.pushgateway.interval`.", "s",
           (f"time() - {ours('push_time_seconds', job='pagehaul')}", "{{pipeline}}")),
    table("Sizing", "What the sizing of the last run read and decided.", "pipeline",
          [("value", f"max by (pipeline, name) ({ours('pagehaul_sizing')})", {})], size=(12, 8), unit="short"),
    table("Version", "The program of the last run.", "pipeline",
          [("", f"max by (pipeline, version) ({ours('pagehaul_build_info')})", {})], size=(12, 8), hidden=("Value",)),
]


def each_worker(expression):
    """One value a process, without the labels that the scrape adds."""
    return f"max by (pipeline, worker) ({expression})"


WORKERS = [
    series("Processes at work", "Processes of the run, in Kubernetes a pod each.", "short", (ours("pagehaul_processes"), "{{pipeline}}")),
    series("Pages that wait", "Pages of the run that wait for a process, and those in the hands of one.", "short",
           (ours("pagehaul_queue_pages"), "{{pipeline}} {{state}}"), stack=True),
    series("Age of the oldest page that waits", "How long the page that may be asked for first has waited: since its pause was over, or since the run was "
           "planned where one was never tried.", "s", (ours("pagehaul_queue_oldest_due_age_seconds"), "{{pipeline}}")),
    series("Pages a second by process", "Pages stored a second, as each process says with its heartbeat.", "ops",
           (each_worker(a_second(ours("pagehaul_worker_pages"))), "{{pipeline}} {{worker}}"), stack=True),
    series("Rows a second by process", "Rows stored a second, as each process says with its heartbeat.", "ops",
           (each_worker(a_second(ours("pagehaul_worker_rows"))), "{{pipeline}} {{worker}}"), stack=True),
    series("Requests in flight by process", "Requests of each process under way, against what it may have under way now.", "short",
           (each_worker(ours("pagehaul_worker_requests_in_flight")), "{{pipeline}} {{worker}}"),
           (each_worker(ours("pagehaul_worker_requests_in_flight_limit")), "{{pipeline}} {{worker}} limit")),
    series("Broker", "Messages of the broker that carries page jobs: those that wait, those with workers, dead letters; and how often one came to a second "
           "worker. Nothing without a broker.", "short",
           (ours("pagehaul_broker_messages"), "{{pipeline}} {{state}}"),
           (f"sum by (pipeline) ({each_worker(ours('pagehaul_worker_redeliveries'))})", "{{pipeline}} redelivered"), size=(24, 8)),
    table("Processes", "What the processes at work, or those that ended last, have done since their start.", "worker", [
        ("pages", each_worker(ours("pagehaul_worker_pages")), {"unit": "short"}),
        ("rows", each_worker(ours("pagehaul_worker_rows")), {"unit": "short"}),
        ("requests", each_worker(ours("pagehaul_worker_requests")), {"unit": "short"}),
        ("failed tries", each_worker(ours("pagehaul_worker_setbacks")), {"unit": "short"}),
    ]),
]

CRONJOB = '{namespace=~"$namespace", cronjob=~"$cronjob"}'
JOB = 'namespace=~"$namespace", job_name=~"$job"'
POD = 'namespace=~"$namespace", pod=~"$pod", container="run"'
JOB_STATES = {1: ("active", "blue"), 2: ("complete", "green"), 3: ("failed", "red")}


def jobs(metric, **labels):
    more = "".join(f', {label}="{value}"' for label, value in labels.items())
    return f"max by (namespace, job_name) ({metric}{{{JOB}{more}}})"


# From kube-state-metrics and the kubelet, not from pagehaul: tests/e2e walks this row, tests/observability the others.
KUBERNETES = [
    stat("Next run in", "Time until the CronJob starts its next Job. Nothing for one that is paused.", "s",
         (f"kube_cronjob_next_schedule_time{CRONJOB} - time()", "{{cronjob}}"), none="paused"),
    stat("Schedule", "Whether the CronJob is paused.", "none", (f"kube_cronjob_spec_suspend{CRONJOB}", "{{cronjob}}"),
         words={0: ("active", "green"), 1: ("paused", "yellow")}),
    stat("Since the last start", "Time since the CronJob last started a Job.", "s",
         (f"time() - kube_cronjob_status_last_schedule_time{CRONJOB}", "{{cronjob}}"), none="never"),
    stat("Jobs at work", "Jobs of the CronJob that are at work now.", "short", (f"kube_cronjob_status_active{CRONJOB}", "{{cronjob}}")),
    table("How containers ended", "Last pods of the Jobs that are kept. OOMKilled: raise the memory limit.", "pod",
          [("", f"max by (pod, reason) (kube_pod_container_status_terminated_reason{{{POD}}} == 1)", {})], size=(8, 5), hidden=("Value",)),
    states("Jobs", "The Jobs that are kept: at work, complete or failed.", JOB_STATES,
           (f"({jobs('kube_job_status_active')} > bool 0) == 1 or ({jobs('kube_job_complete', condition='true')} == 1) * 2"
            f" or ({jobs('kube_job_failed', condition='true')} == 1) * 3", "{{job_name}}")),
    series("Pods of the Jobs", "How many pods of each Job are at work, succeeded and failed. A failed one is followed by another, "
           "`backoffLimit` times.", "short",
           (jobs("kube_job_status_active"), "{{job_name}} active"), (jobs("kube_job_status_succeeded"), "{{job_name}} succeeded"),
           (f"sum by (namespace, job_name) (kube_job_status_failed{{{JOB}}})", "{{job_name}} failed")),
    series("Container memory", "Working set of the container `run` against its limit; at the limit the kernel kills it.", "bytes",
           (f"container_memory_working_set_bytes{{{POD}}}", "{{pod}}"),
           (f'kube_pod_container_resource_limits{{{POD}, resource="memory"}}', "{{pod}} limit")),
    series("Container CPU", "Cores that the container `run` uses, against its limit.", "short",
           (f"rate(container_cpu_usage_seconds_total{{{POD}}}[$__rate_interval])", "{{pod}}"),
           (f'kube_pod_container_resource_limits{{{POD}, resource="cpu"}}', "{{pod}} limit")),
    series("CPU throttling", "Share of the scheduler's periods in which the container `run` had used up its CPU limit. Workers follow the limit; "
           "a high share means that decoding and storing wait.", "percentunit",
           (" / ".join(f"rate(container_cpu_cfs_{periods}_total{{{POD}}}[$__rate_interval])" for periods in ("throttled_periods", "periods")), "{{pod}}"),
           top=1),
]

DASHBOARD = {
    "uid": "pagehaul", "title": "pagehaul", "description": "Is the data fresh and complete, and if not, why? One line a pipeline.", "tags": ["pagehaul"],
    "schemaVersion": 38, "version": 1, "editable": True, "graphTooltip": 1, "timezone": "browser", "refresh": "1m",
    "time": {"from": "now-24h", "to": "now"}, "annotations": {"list": []}, "links": [],
    "templating": {"list": [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0, "includeAll": False, "multi": False,
         "refresh": 1, "regex": "", "options": [], "current": {}},
        variable("pipeline", "Pipeline", "label_values(pagehaul_last_run_timestamp_seconds, pipeline)"),
        # For the row Kubernetes. Names that the chart makes hold its own.
        variable("namespace", "Namespace", "label_values(kube_cronjob_info, namespace)"),
        variable("cronjob", "CronJob", 'label_values(kube_cronjob_info{namespace=~"$namespace", cronjob=~".*pagehaul.*"}, cronjob)'),
        variable("job", "Job",
                 'label_values(kube_job_owner{namespace=~"$namespace", owner_kind="CronJob", owner_name=~"$cronjob"}, job_name)', hidden=True),
        variable("pod", "Pod", 'label_values(kube_pod_owner{namespace=~"$namespace", owner_kind="Job", owner_name=~"$job"}, pod)', hidden=True),
    ]},
    "panels": laid_out([("Is the data fresh and complete?", AT_A_GLANCE), ("Runs", RUNS), ("API", API), ("Inside", INSIDE), ("Workers", WORKERS),
                         ("Kubernetes", KUBERNETES)]),
}


def main():
    text = pretty(DASHBOARD) + "\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text:
        sys.exit("deploy/grafana/pagehaul.json is not what dashboard.py says: please run `make chart-docs`")


if __name__ == "__main__":
    main()
