"""The overview: which of fifty pipelines wants somebody, in ten seconds."""

from model import constant, dashboard, laid_out, link, linked, mapped, series, source, stat, states, steps, table, variable
from queries import SELECTED as ours
from queries import AT_WORK, EXIT_CODES, GUIDE, IDENTITY, SLACK, STATES, a_second

UID = "pagehaul"
KEYS = ("pipeline", "namespace", "cluster")
ONE = ("/d/pagehaul-pipeline?${datasource:queryparam}&var-cluster=${__data.fields.cluster}&var-namespace=${__data.fields.namespace}"
       "&var-pipeline=${__data.fields.pipeline}&${__url_time_range}")
# Made by the chart, not paused, and told of by nobody but Kubernetes.
NOT_WATCHED = ('max by (cluster, namespace, cronjob) (kube_cronjob_info{%s, cronjob=~".*pagehaul.*"})'
               " unless max by (cluster, namespace, cronjob) (kube_cronjob_spec_suspend{%s} == 1)"
               " unless max by (cluster, namespace, cronjob) (pagehaul:info{%s})") % ((ours.place,) * 3)
NAMED = "{{namespace}} {{pipeline}}"


def count(title, description, expression, colour):
    return stat(title, description, "none", (ours.counted(expression), title), size=(4, 4), thresholds=steps("text", (1, colour)))


def coloured(kind="color-text", **more):
    return {"custom.cellOptions": {"type": kind, **more}}


COUNTS = [
    count("Overdue", "Pipelines whose last success is longer ago than their expected interval and the slack of the alert PagehaulNotSucceeding. Who reads "
          "their tables reads old data.", ours.overdue, "red"),
    count("Failed", "Pipelines whose last run failed, or of which Kubernetes says that a Job failed since one last succeeded; those at work again are not "
          "counted.", ours.failed, "orange"),
    count("Gone quiet", "Pipelines that said they were at work and have pushed nothing for ten minutes: killed, or cut off from the Pushgateway. By OTLP there is nothing left of "
          "such a run after five minutes.",
          ours.quiet, "orange"),
    count("At work", "Pipelines with a run that goes on now.", ours.at_work, "blue"),
    count("Not watched", "CronJobs named as the chart names them that Kubernetes knows, that are not paused, and that push nothing: their Jobs are all "
          "that is known of them.", NOT_WATCHED, "yellow"),
    count("Pipelines", "All that are known to have run: their values are held for an interval and 35 days after the last run.", ours.known, "text"),
]

LISTS = [
    table("Pipelines, the worst first", "A line each: overdue, failed, gone quiet, at work, fresh; within that by how much of their interval is used. A name "
          "leads to the pipeline's own page.", KEYS, [
              ("rank", ours.rank, {}),
              ("state", ours.state, {"mappings": mapped(STATES), **coloured("color-background", mode="basic"), "custom.width": 110}),
              ("of its interval", ours.used,
               {"unit": "percentunit", "decimals": 0, "min": 0, "max": 2, "thresholds": steps("green", (1, "yellow"), (2, "red")),
                **coloured("gauge", mode="basic"), "custom.width": 190}),
              ("since success", ours.since_success, {"unit": "s"}),
              ("last exit", f"max by ({IDENTITY}) ({ours.of('pagehaul:last_run_exit_code')})", {"mappings": mapped(EXIT_CODES), **coloured()}),
              ("complete", f"({ours.whole}) or ({ours.at_work}) * 0 - 1",
               {"unit": "percentunit", "decimals": 1, "thresholds": steps("red", (1, "green")), "mappings": mapped(AT_WORK), **coloured()}),
              ("progress", ours.progress, {"unit": "percentunit", "decimals": 0, "min": 0, "max": 1, "thresholds": steps("blue"),
                                           **coloured("gauge", mode="basic"), "custom.width": 150}),
              ("data behind by", ours.lag, {"unit": "s"}),
              ("quarantined", f"max by ({IDENTITY}) ({ours.of('pagehaul:quarantined_rows')})",
               {"unit": "short", "thresholds": steps("text", (1, "orange")), **coloured()}),
              ("last run", ours.known + " * 1000", {"unit": "dateTimeFromNow"}),
          ], size=(24, 14), worst="rank", links={"pipeline": linked("Look at this pipeline", ONE)}, none=""),
    table("CronJobs that push nothing", "Those not watched: since when they have had no Job that succeeded. Give them a place to push to, or find out why their pushes do "
          "not arrive.", ("cronjob", "namespace", "cluster"), [
              ("", NOT_WATCHED, {}),
              ("since a Job succeeded", f"time() - max by (cluster, namespace, cronjob) (kube_cronjob_status_last_successful_time{{{ours.place}}})"
               f" and ({NOT_WATCHED})", {"unit": "s"})], size=(12, 7), hidden=("Value #A",), none="never"),
    table("Alerts that fire", "Of these rules; what to do about each stands in the operator's guide.", ("alertname", "severity", "namespace", "pipeline", "cronjob"), [
        ("", "max by (alertname, severity, cluster, namespace, pipeline, cronjob, pod) "
         f'(ALERTS{{alertname=~"Pagehaul.*", alertstate="firing", {ours.place}}})', {})], size=(12, 7), hidden=("Value",),
        links={"alertname": linked("What to do", GUIDE + "#alerts", new_tab=True)}),
]

OVER_TIME = [
    states("States", "How each pipeline fared.", STATES, (ours.state, NAMED), size=(24, 10)),
    series("Runs at work", "How many pipelines had a run at work at a time.", "short", (ours.counted(ours.at_work), "at work"), size=(12, 8)),
    series("Rows a second", "Rows stored a second by the ten pipelines that stored most.", "ops",
           (f"topk(10, max by ({IDENTITY}) ({a_second(ours.of('pagehaul_rows', result='stored'))}))", NAMED), size=(12, 8), stack=True),
]

VARIABLES = [
    source("datasource", "Data source", "prometheus"),
    variable("cluster", "Cluster", "label_values(pagehaul:last_run_timestamp_seconds, cluster)", every=".*"),
    variable("namespace", "Namespace", 'label_values(pagehaul:last_run_timestamp_seconds{cluster=~"$cluster"}, namespace)', every=".*"),
    variable("pipeline", "Pipeline", 'label_values(pagehaul:last_run_timestamp_seconds{cluster=~"$cluster", namespace=~"$namespace"}, pipeline)', every=".*"),
    constant("slack", str(SLACK)),
]

DASHBOARD = dashboard(
    UID, "pagehaul", "Which pipelines are overdue, failed, at work or watched by nobody. A line leads to the pipeline's own page.",
    variables=VARIABLES,
    links=[link("Runbook", GUIDE + "#alerts", "doc", "What to do about each alert and exit code")],
    panels=laid_out([("Does any pipeline want somebody?", COUNTS + LISTS), ("Over time", OVER_TIME, "collapsed")]))
