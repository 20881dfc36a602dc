"""What both dashboards ask: the state of pipelines, as expressions.

The series of a run are gauges that a Pushgateway keeps: they fall back when the next run begins, and stand still when none is at work. So what
a second brought is `deriv`, cut off at zero where a run begins; `rate` is for the two histograms alone, which begin anew with each run as well.
By OTLP they end soon after the run: whoever asks for what the last run told, now, asks for pagehaul:NAME, by which the rules beside the alerts hold it.
No query selects by `job`, which depends on how the Pushgateway is scraped, but those for its own two series.

A pipeline is told apart by cluster, namespace and its name, of which the first two may be absent.
"""

DAY = 86400
# What a run may take beyond its interval before somebody is told: as the alerts have it, so that both speak of the same pipelines.
SLACK = 14400
# Whoever has not pushed for so long is not at work, whatever was pushed last.
SILENCE = 600
IDENTITY = "cluster, namespace, pipeline"
GUIDE = "https://git.example.com/pagehaul/deploy/README.md"

EXIT_CODES = {
    0: ("0 succeeded", "green"), 64: ("64 wrong command line", "red"), 65: ("65 data refused", "red"), 69: ("69 API or database away", "orange"),
    70: ("70 a bug", "red"), 75: ("75 incomplete, resumable", "yellow"), 77: ("77 credentials refused", "red"), 78: ("78 bad config", "red"),
    130: ("130 stopped (SIGINT)", "yellow"), 143: ("143 stopped (SIGTERM)", "yellow")}
# The worst has the highest number.
STATES = {0: ("fresh", "green"), 1: ("no run yet", "text"), 2: ("at work", "blue"), 3: ("gone quiet", "orange"), 4: ("failed", "orange"),
          5: ("overdue", "red")}
AT_WORK = {-1: ("at work", "blue")}

def each(expression):
    """One value a pipeline, without the labels that the scrape adds."""
    return f"max by ({IDENTITY}) ({expression})"


def a_second(selector):
    return f"clamp_min(deriv({selector}[$__rate_interval]), 0)"


def failed_cronjobs(place):
    """CronJobs with a Job that failed since one last succeeded, as the alert PagehaulJobFailed has it."""
    of_job, of_cronjob = "cluster, namespace, job_name", "cluster, namespace, cronjob"
    owner = f'kube_job_owner{{{place}, owner_kind="CronJob"}}'
    failed = f'kube_job_created{{{place}}} and on ({of_job}) kube_job_failed{{{place}, condition="true"}} == 1'
    succeeded = f"kube_cronjob_status_last_successful_time{{{place}}} or kube_cronjob_created{{{place}}} * 0"
    return (f'max by ({of_cronjob}) (max by ({of_job}, cronjob) (label_replace({owner}, "cronjob", "$1", "owner_name", "(.+)"))'
            f" * on ({of_job}) group_left () max by ({of_job}) ({failed})) > on ({of_cronjob}) max by ({of_cronjob}) ({succeeded})")


class Pipelines:
    """The queries for some pipelines: `place` chooses cluster and namespace, `pipeline` the names, each a selector's inside."""

    def __init__(self, place, pipeline):
        self.place, self.where = place, f"{place}, {pipeline}"
        self.known = each(self.of("pagehaul:last_run_timestamp_seconds"))
        self.last_success = each(self.of("pagehaul:last_success_timestamp_seconds"))
        self.since_success = f"time() - {self.last_success}"
        # What a pipeline that names none is held to: a day.
        self.objective = f"{each(self.of('pagehaul:expected_interval_seconds'))} or {self.known} * 0 + {DAY}"
        self.used = f"({self.since_success}) / ({self.objective})"
        self.overdue = f"({self.since_success}) > ({self.objective}) + $slack"
        told = f"{each(self.of('pagehaul_run_in_progress'))} == 1"
        silent = f"time() - {each(self.of('push_time_seconds', job='pagehaul'))} > {SILENCE}"
        self.at_work = f"({told}) unless ({silent})"
        self.quiet = f"({told}) and ({silent})"
        # By its own verdict, or by Kubernetes': what fails before it can push has no other.
        by_kubernetes = each(f"{self.of('pagehaul:info')} and on (cluster, namespace, cronjob) ({failed_cronjobs(place)})")
        self.failed = f"({each(self.of('pagehaul:last_run_success'))} == 0 or {by_kubernetes}) unless ({self.at_work})"
        self.lag = f"time() - {each(self.of('pagehaul:source_watermark_timestamp_seconds'))}"
        self.state = " or ".join([f"({self.overdue}) * 0 + 5", f"({self.failed}) * 0 + 4", f"({self.quiet}) * 0 + 3", f"({self.at_work}) * 0 + 2",
                                  f"({self.last_success}) * 0", f"{self.known} * 0 + 1"])
        # For lines sorted by it: those of one state by how much of their objective is used.
        self.rank = f"({self.state}) * 1000 + (clamp_max({self.used}, 999) or {self.known} * 0)"
        self.completeness = each(self.of("pagehaul:completeness_ratio"))
        # How far a run at work is; nothing else is known to be on its way to a whole.
        self.progress = f"{self.completeness} and ({self.at_work})"
        self.whole = f"{self.completeness} unless ({self.at_work})"
        pace = each(f"deriv({self.of('pagehaul_completeness_ratio')}[$__rate_interval])")
        self.time_left = f"clamp_min(1 - ({self.progress}), 0) / ({pace} > 0)"

    def of(self, metric, **labels):
        more = "".join(f', {label}="{value}"' for label, value in labels.items())
        return f"{metric}{{{self.where}{more}}}"

    def counted(self, expression):
        return f"count({expression}) or vector(0)"

    def by_result(self, metric, *results):
        return [(self.of(metric, result=result), result) for result in results]

    def latency(self, metric):
        """Quantiles and mean of what was measured within the window."""
        count, total, buckets = (f"rate({self.of(metric + part)}[$__rate_interval])" for part in ("_count", "_sum", "_bucket"))
        quantiles = ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
        return [*((f"histogram_quantile({q}, sum by (le, {IDENTITY}) ({buckets}))", name) for q, name in quantiles),
                (f"sum by ({IDENTITY}) ({total}) / sum by ({IDENTITY}) ({count})", "mean")]


# Of the overview: whatever is chosen, with series that lack cluster or namespace where all are.
SELECTED = Pipelines('cluster=~"$cluster", namespace=~"$namespace"', 'pipeline=~"$pipeline"')
# Of the page for one: nothing chosen finds those that lack the label.
THIS = Pipelines('cluster="$cluster", namespace="$namespace"', 'pipeline="$pipeline"')
