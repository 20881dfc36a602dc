"""Of the page for one pipeline, folded up: its processes, and what Kubernetes knows of them."""

from model import series, stat, states, table
from queries import THIS as this
from queries import a_second


def each_worker(expression):
    """One value a process, without the labels that the scrape adds."""
    return f"max by (worker) ({expression})"


WORKERS = [
    series("Processes at work", "Processes of the run, in Kubernetes a pod each.", "short", (this.of("pagehaul_processes"), "processes")),
    series("Pages that wait", "Pages of the run that wait for a process, and those in the hands of one.", "short",
           (this.of("pagehaul_queue_pages"), "{{state}}"), stack=True),
    series("Age of the oldest page that waits", "How long the page that may be asked for first has waited: since its pause was over, or since the run was "
           "planned where one was never tried.", "s", (this.of("pagehaul_queue_oldest_due_age_seconds"), "age")),
    series("Pages a second by process", "Pages stored a second, as each process says with its heartbeat.", "ops",
           (each_worker(a_second(this.of("pagehaul_worker_pages"))), "{{worker}}"), stack=True),
    series("Rows a second by process", "Rows stored a second, as each process says with its heartbeat.", "ops",
           (each_worker(a_second(this.of("pagehaul_worker_rows"))), "{{worker}}"), stack=True),
    series("Requests in flight by process", "Requests of each process under way, against what it may have under way now.", "short",
           (each_worker(this.of("pagehaul_worker_requests_in_flight")), "{{worker}}"),
           (each_worker(this.of("pagehaul_worker_requests_in_flight_limit")), "{{worker}} limit")),
    series("Broker", "Messages of the broker that carries page jobs: those that wait, those with workers, dead letters; and how often one came to a second "
           "worker. Nothing without a broker.", "short",
           (this.of("pagehaul_broker_messages"), "{{state}}"),
           (f"sum({each_worker(this.of('pagehaul_worker_redeliveries'))})", "redelivered"), size=(24, 8)),
    table("Processes", "What the processes at work, or those that ended last, have done since their start.", ("worker",), [
        ("pages", each_worker(this.of("pagehaul_worker_pages")), {"unit": "short"}),
        ("rows", each_worker(this.of("pagehaul_worker_rows")), {"unit": "short"}),
        ("requests", each_worker(this.of("pagehaul_worker_requests")), {"unit": "short"}),
        ("failed tries", each_worker(this.of("pagehaul_worker_setbacks")), {"unit": "short"}),
    ]),
]

CRONJOB = f'{{{this.place}, cronjob=~"$cronjob"}}'
JOB = f'{this.place}, job_name=~"$job"'
POD = f'{this.place}, pod=~"$pod", container="run"'
JOB_STATES = {1: ("active", "blue"), 2: ("complete", "green"), 3: ("failed", "red")}


def jobs(metric, **labels):
    more = "".join(f', {label}="{value}"' for label, value in labels.items())
    return f"max by (namespace, job_name) ({metric}{{{JOB}{more}}})"


# From kube-state-metrics and the kubelet, of the CronJob that the pipeline itself names (pagehaul_info). tests/e2e walks this row in a cluster.
KUBERNETES = [
    stat("Next run in", "Time until the CronJob starts its next Job. Nothing for one that is paused.", "s",
         (f"kube_cronjob_next_schedule_time{CRONJOB} - time()", "{{cronjob}}"), none="paused"),
    stat("Schedule", "Whether the CronJob is paused.", "none", (f"kube_cronjob_spec_suspend{CRONJOB}", "{{cronjob}}"),
         words={0: ("active", "green"), 1: ("paused", "yellow")}),
    stat("Since the last start", "Time since the CronJob last started a Job.", "s",
         (f"time() - kube_cronjob_status_last_schedule_time{CRONJOB}", "{{cronjob}}"), none="never"),
    stat("Jobs at work", "Jobs of the CronJob that are at work now.", "short", (f"kube_cronjob_status_active{CRONJOB}", "{{cronjob}}")),
    table("How containers ended", "Last pods of the Jobs that are kept. OOMKilled: raise the memory limit.", ("pod", "reason"),
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
