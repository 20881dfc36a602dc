"""Bad values are refused before they reach a cluster, with a message that names the place and what was expected."""

import copy

import pytest
from conftest import IMAGE, MINIMAL

pytestmark = pytest.mark.parametrize("helm", ["helm", "helm4"], indirect=True)


def orders(**settings):
    return {"image": IMAGE, "pipelines": {"orders": {"schedule": "@hourly", "existingConfigMap": {"name": "orders"}, **settings}}}


def two(a, b):
    """Pipelines a and b, of which these tell their files and names."""
    return {"image": IMAGE, "pipelines": {"a": {"schedule": "@hourly", **a}, "b": {"schedule": "@hourly", **b}}}


def kept(name, **settings):
    """A file in a ConfigMap of somebody's own."""
    return {"existingConfigMap": {"name": name}, **settings}


def config(text, **settings):
    return {"image": IMAGE, "pipelines": {"orders": {"schedule": "@hourly", "config": text, **settings}}}


SCHEMA = {
    "a typo at the top": ({"pipeline": {}}, "additional properties 'pipeline' not allowed"),
    "a typo in the image": ({"image": {"name": "x"}}, "/image"),
    "a typo in the defaults": ({"defaults": {"shedule": "@daily"}}, "'shedule' not allowed"),
    "a typo in a pipeline": (orders(backOffLimit=3), "'backOffLimit' not allowed"),
    "a typo deep in a pipeline": (orders(run={"dead_line": "1h"}), "'dead_line' not allowed"),
    "a typo in a variable": (orders(extraEnv=[{"name": "A", "values": "b"}]), "'values' not allowed"),
    "a pipeline file in the defaults": ({"defaults": {"config": "pipeline: x"}}, "/defaults/config"),
    "a duration without a unit": (orders(run={"drain": "20"}), "/pipelines/orders/run/drain"),
    "a duration with an unknown unit": (orders(run={"deadline": "1w"}), "/pipelines/orders/run/deadline"),
    "a number as text": (orders(backoffLimit="3"), "/pipelines/orders/backoffLimit"),
    "a pipeline's name in capitals": ({"pipelines": {"Orders": {}}}, "'Orders'"),
    "an unknown policy": (orders(concurrencyPolicy="Never"), "/pipelines/orders/concurrencyPolicy"),
    "an unknown pull policy": ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
    "an image with its tag": ({"image": {"repository": "registry.example.com/pagehaul:2"}}, "/image/repository"),
    "an image with a scheme": ({"image": {"repository": "https://registry.example.com/pagehaul"}}, "/image/repository"),
    "a registry with a scheme": ({"global": {"imageRegistry": "https://mirror.example.com"}}, "/global/imageRegistry"),
    "a digest without sha256": ({"image": {"digest": "0123"}}, "/image/digest"),
    "an override without a value": (orders(set=["source.limits.rate"]), "/pipelines/orders/set/0"),
    "a ConfigMap without a name": (orders(existingConfigMap={"key": "a"}), "missing property 'name'"),
    "a number in a Secret": (orders(secret={"values": {"PIN": 1234}}), "/pipelines/orders/secret/values/PIN"),
    "exit code 0 that fails the Job": (orders(failJobOnExitCodes=[0]), "/pipelines/orders/failJobOnExitCodes/0"),
    "an expected interval in words": (orders(expectEvery="daily"), "/pipelines/orders/expectEvery"),
    "a typo in the dashboard's values": ({"metrics": {"dashboard": {"enable": True}}}, "/metrics/dashboard"),
    "a threshold that there is not": ({"metrics": {"prometheusRule": {"thresholds": {"slak": "1h"}}}}, "/metrics/prometheusRule/thresholds"),
    "a threshold in words": ({"metrics": {"prometheusRule": {"thresholds": {"slack": "an hour"}}}}, "/metrics/prometheusRule/thresholds/slack"),
    "no slack at all": ({"metrics": {"prometheusRule": {"thresholds": {"slack": "0s"}}}}, "/metrics/prometheusRule/thresholds/slack"),
    "a label that is none": ({"metrics": {"dashboard": {"label": "a b"}}}, "/metrics/dashboard/label"),
    "a runbook with an anchor": ({"metrics": {"prometheusRule": {"runbookUrl": "https://wiki.example.com/#top"}}}, "/metrics/prometheusRule/runbookUrl"),
    "a Pushgateway with a password": ({"metrics": {"pushgateway": {"url": "http://me:secret@gateway:9091"}}}, "/metrics/pushgateway/url"),
    "a collector's address without a scheme": ({"metrics": {"otlp": {"endpoint": "collector:4318"}}}, "/metrics/otlp/endpoint"),
    "a header's secret as it is": ({"metrics": {"otlp": {"endpoint": "http://c", "headers": {"x-key": "0123"}}}}, "/metrics/otlp/headers/x-key"),
    "headers without an endpoint": ({"metrics": {"otlp": {"headers": {"x-key": "${KEY}"}}}}, "/metrics/otlp/endpoint"),
    "an alert's label with a dash": ({"metrics": {"prometheusRule": {"alertLabels": {"my-team": "a"}}}}, "'my-team' does not match pattern"),
    "a Job's end in words": (orders(activeDeadlineSeconds="never"), "/pipelines/orders/activeDeadlineSeconds"),
    "a Job that ends at once": (orders(activeDeadlineSeconds=0), "/pipelines/orders/activeDeadlineSeconds"),
    "a typo in a pipeline's account": (orders(serviceAccount={"created": True}), "/pipelines/orders/serviceAccount"),
    "a namespace in capitals": ({"namespaceOverride": "Data"}, "/namespaceOverride"),
    "a platform in words": ({"openshift": "yes"}, "/openshift"),
    "a grace that no stop fits into": (orders(terminationGracePeriodSeconds=5), "/pipelines/orders/terminationGracePeriodSeconds': minimum: got 5, want 6"),
    "a grace that the program would refuse": (orders(terminationGracePeriodSeconds=2592001), "/pipelines/orders/terminationGracePeriodSeconds"),
    "another answer to another run": (orders(ifBusy="hope"), "/pipelines/orders/ifBusy"),
    "an image in the defaults": ({"defaults": {"image": {"tag": "2"}}}, "/defaults/image"),
    "a typo in a pipeline's image": (orders(image={"tags": "2"}), "/pipelines/orders/image"),
    "old configs kept": ({"configMap": {"keep": 3}}, "additional properties 'configMap' not allowed"),
}

TEMPLATE = {
    "a drain as long as the run": (orders(run={"deadline": "20s"}), "pipelines.orders.run.drain: 20s is not shorter than run.deadline, 20s"),
    "an image that nobody publishes": (
        {**MINIMAL, "image": {"repository": "pagehaul"}},
        'image.repository: "pagehaul" names no registry, and no image of pagehaul is published: expected where you have pushed yours'),
    "a pipeline's image that nobody publishes": (orders(image={"repository": "mine"}), 'image.repository: "mine" names no registry'),
    "two accounts of one name": (
        {"image": IMAGE, "defaults": {"serviceAccount": {"create": True, "name": "puller"}},
         "pipelines": {name: {"schedule": "@daily", "existingConfigMap": {"name": name}} for name in ("a", "b")}},
        "pipelines.b.serviceAccount.name: puller is made for pipelines.a already: expected another name, or create: false to share it"),
    "a pipeline's account with the release's name": (
        orders(serviceAccount={"create": True, "name": "release-pagehaul"}), "release-pagehaul is made for the release already"),
    "no schedule": (orders(schedule=""), 'pipelines.orders.schedule: is missing: expected cron\'s five fields, such as "15 10 * * *", or @daily'),
    "a zone in the schedule": (orders(schedule="TZ=Asia/Shanghai 0 1 * * *"), "Kubernetes refuses TZ= in a schedule: set pipelines.orders.timeZone"),
    "a schedule of four fields": (orders(schedule="15 10 * *"), '"15 10 * *" is no schedule'),
    "no pipeline file": ({"image": IMAGE, "pipelines": {"orders": {"schedule": "@daily"}}}, "pipelines.orders: has no pipeline file: expected config"),
    "two pipelines of one name": (
        {"image": IMAGE, "pipelines": {name: {"schedule": "@hourly", "config": "pipeline: x\n"} for name in ("a", "b")}},
        "pipelines.b.config: pipeline is x as in pipelines.a"),
    "two pipelines of one name in files that the chart cannot read": (
        two(kept("a", scaling={"pipeline": "x"}), kept("b", scaling={"pipeline": "x"})),
        "pipelines.b.scaling.pipeline: pipeline is x as in pipelines.a"),
    "a pipeline of one name with that of a file that it can": (
        two({"config": "pipeline: x\n"}, kept("b", scaling={"pipeline": "x"})), "pipelines.b.scaling.pipeline: pipeline is x as in pipelines.a"),
    "the same the other way round": (two(kept("a", scaling={"pipeline": "x"}), {"config": "pipeline: x\n"}), "pipelines.b.config: pipeline is x as in pipelines.a"),
    "a pipeline that is called like another in set": (two({"config": "pipeline: x\n"}, kept("b", set=["pipeline=x"])), "pipelines.b.set: pipeline is x as in pipelines.a"),
    "two pipeline files": (orders(config="pipeline: x"), "pipelines.orders: has both config and existingConfigMap"),
    "two sources of secrets": (
        orders(secret={"existingSecret": "s", "values": {"A": "b"}}), "pipelines.orders.secret: has both existingSecret and values"),
    "two sources of secrets in the defaults": (
        {**MINIMAL, "defaults": {"secret": {"existingSecret": "s", "values": {"A": "b"}}}}, "has both existingSecret and values"),
    "a run key of one's own": (orders(extraEnv=[{"name": "PAGEHAUL_RUN_KEY", "value": "x"}]), "PAGEHAUL_RUN_KEY is the Job's UID"),
    "a grace of one's own": (
        orders(extraEnv=[{"name": "PAGEHAUL_GRACE", "value": "14s"}]),
        "pipelines.orders.extraEnv: PAGEHAUL_GRACE is made from terminationGracePeriodSeconds: expected the time in pipelines.orders.terminationGracePeriodSeconds"),
    "a word for another run of one's own": (
        orders(extraEnv=[{"name": "PAGEHAUL_IF_BUSY", "value": "skip"}]),
        "pipelines.orders.extraEnv: PAGEHAUL_IF_BUSY is made from ifBusy: expected the word in pipelines.orders.ifBusy"),
    "overrides of one's own": (orders(extraEnv=[{"name": "PAGEHAUL_SET", "value": "x=y"}]), "expected the override in pipelines.orders.set"),
    "a drain past the check": (orders(set=["run.drain=5m"]), "expected it in pipelines.orders.run"),
    "indexed without completions": (orders(completionMode="Indexed"), "Indexed needs completions"),
    "scaling without a connection": (orders(scaling={"enabled": True}), "pipelines.orders.scaling.connection: expected secretName and key"),
    "scaling of a file that it cannot read": (
        orders(scaling={"enabled": True, "connection": {"secretName": "s", "key": "k"}}), "pipelines.orders.scaling.pipeline: expected the name"),
    "a pipeline file that no annotation holds": (
        config("# " + "x" * 98_303), "pipelines.orders.config: has 98305 bytes, and goes with each pod as an annotation: expected at most 98304, or a ConfigMap of yours"),
    "a pipeline file that is no YAML": (config("a: [b\n"), "pipelines.orders.config: is not YAML"),
    "a file whose drain would lose": (
        config("pipeline: x\nrun: {drain: 5s}\n"),
        "pipelines.orders.config: run.drain is 5s in the pipeline file and 20s in the chart's values, which win: expected 5s here only"),
    "a file whose deadline would lose": (config({"pipeline": "x", "run": {"deadline": "2h"}}), "run.deadline is 2h in the pipeline file and 50m"),
    "a file whose interval would lose": (
        config("pipeline: x\ntelemetry: {expect_every: 2h}\n", expectEvery="1h"),
        "telemetry.expect_every is 2h in the pipeline file and 1h in the chart's values, which win: expected 2h here only, as expectEvery of the pipeline"),
    "an alert that there is not": (
        {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, "disabled": ["PagehaulSlo"]}}},
        "metrics.prometheusRule.disabled: there is no alert PagehaulSlo: expected one of PagehaulNotSucceeding, "),
    "a time to wait for an alert that there is not": (
        {**MINIMAL, "metrics": {"prometheusRule": {"enabled": True, "for": {"PagehaulSlo": "1m"}}}},
        "metrics.prometheusRule.for: there is no alert PagehaulSlo: expected one of PagehaulNotSucceeding, "),
    "an ID that Helm would round": (
        config({"source": {"slices": {"id": [1, 9007199254740993]}}}),
        "pipelines.orders.config.source.slices.id.1: Helm cannot hold a number this large exactly"),
}


@pytest.mark.parametrize("case", SCHEMA)
def test_the_schema_refuses(helm, case):
    values, expected = SCHEMA[case]
    done = helm.template(values=values)
    assert done.returncode != 0 and "don't meet the specifications of the schema" in done.stderr, done.stderr
    assert expected in done.stderr


@pytest.mark.parametrize("case", TEMPLATE)
def test_the_template_refuses(helm, case):
    values, expected = TEMPLATE[case]
    done = helm.template(values=values)
    assert done.returncode != 0, "was rendered"
    assert expected in done.stderr, done.stderr


def test_what_the_refusals_start_from_is_good(helm):
    assert {document["kind"] for document in helm.render(values=copy.deepcopy(MINIMAL))} == {"ServiceAccount", "CronJob", "Pod"}


def test_a_file_that_is_just_small_enough_is_taken(helm):
    helm.render(values=config("# " + "x" * 98_302))


@pytest.mark.parametrize("seconds", [6, 2_592_000])
def test_a_grace_that_the_program_takes_is_taken(helm, seconds):
    helm.render(values=orders(terminationGracePeriodSeconds=seconds))


@pytest.mark.parametrize("b", [
    kept("b"), kept("b", scaling={"pipeline": "z"}), kept("b", scaling={"pipeline": "x"}, set=["pipeline=z"]),
    {"config": "pipeline: z\n", "scaling": {"pipeline": "x"}}], ids=["not known", "another", "another by set", "another by its file"])
def test_two_pipelines_that_are_called_otherwise_are_taken(helm, b):
    helm.render(values=two(kept("a", scaling={"pipeline": "x"}), b))


def test_two_files_that_the_chart_cannot_read_are_taken(helm):
    helm.render(values=two(kept("a"), kept("b")))


def test_a_file_that_says_the_same_is_taken(helm):
    helm.render(values=config("pipeline: x\nrun: {drain: 20s, deadline: 50m}\n"))


def test_an_older_kubernetes_is_refused(helm):
    done = helm.template(values=MINIMAL, kube="1.28.9")
    assert done.returncode != 0 and "requires kubeVersion: >=1.29.0-0" in done.stderr
