"""One run that tells its metrics both ways: through a Pushgateway to a Prometheus that scrapes it, and by OTLP to one that takes that. Both hold the same."""

import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

from harness.pagehaul import OK
from harness.pipeline import in_a_stream, sliced
from harness.prometheus import Prometheus
from harness.waiting import eventually

BUILD = pathlib.Path(__file__).parent / "receiver" / "build.sh"
DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
LABELS = {"cluster": "eu-1", "namespace": "reports"}
OURS = '{__name__=~"pagehaul_.+"}'
# Measured, or counted, for each way by itself.
OF_THE_PUSH = {"pagehaul_memory_resident_bytes", "pagehaul_push_failures"}

pytestmark = [pytest.mark.xdist_group("sqs"), pytest.mark.skipif(shutil.which("go") is None, reason="Prometheus' receiver of OTLP is made with Go")]


@pytest.fixture(scope="module")
def receiver_program():
    return subprocess.run([BUILD], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def receiver(receiver_program, tmp_path):
    (directory := tmp_path / "receiver").mkdir()
    server = Prometheus(directory, receiver=receiver_program)
    yield server
    server.close()


@pytest.fixture
def seen(pagehaul, pushgateway, prometheus, receiver, sqs):
    """Of a run that has all there can be: dates, a stream, a deadline, an interval, a memory limit, a broker that tells all."""
    pagehaul.env.update(sqs.env)
    pagehaul.configure(sliced(), run={"deadline": "10m"}, queue=sqs.queue(),
                       telemetry={"expect_every": "1d", "labels": {**LABELS, "cronjob": "nightly"},
                                  "pushgateway": {"url": pushgateway.url}, "metrics": {"endpoint": receiver.otlp}})
    pagehaul.pipeline = in_a_stream(pagehaul.pipeline, "creative")
    ended = pagehaul.start(prefix=["prlimit", f"--as={4 << 30}"]).result()
    assert ended.code == OK, str(ended)
    assert not [line for line in ended.log if line["level"] == "warn"], "every push was taken"
    pushed = pushgateway.value("push_time_seconds")
    eventually(lambda: prometheus.query("push_time_seconds") and prometheus.query("push_time_seconds")[0][1] == pushed,
               what="Prometheus has scraped the last push")
    return {"scraped": as_series(prometheus), "sent": as_series(receiver)}


def as_series(server):
    """{labels, the name among them: value} of all there is now."""
    return {frozenset(labels.items()): value for labels, value in server.query(OURS)}


def comparable(series):
    """To the digits that the text has."""
    return {key: None if dict(key)["__name__"] in OF_THE_PUSH else float(f"{value:.12g}") for key, value in series.items()}


def queries(node):
    """Every PromQL expression of a dashboard or of rules, wherever it stands."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "expr")
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from queries(child)


def named_outside():
    """The metrics of pagehaul's own that dashboards and rules name, but for the one that people push who take a pipeline away."""
    files = [*(DEPLOY / "grafana").glob("*.json"), DEPLOY / "prometheus" / "rules.yaml"]
    return {name for file in files for query in queries(yaml.safe_load(file.read_text(encoding="utf-8")))
            for name in re.findall(r"\bpagehaul_\w+", re.sub(r'"[^"]*"', "", query))} - {"pagehaul_retired"}


def test_names_labels_and_values_are_the_same_both_ways_and_all_that_dashboard_and_rules_name(seen):
    assert comparable(seen["sent"]) == comparable(seen["scraped"])
    group = {"job": "pagehaul", "pipeline": "creative_report", **LABELS}.items()
    assert all(group <= dict(key).items() and "instance" not in dict(key) for key in seen["sent"])
    names = {dict(key)["__name__"] for key in seen["sent"]}
    assert len(named_outside()) > 20 and not named_outside() - names


def test_check_finds_it_ready(pagehaul, receiver):
    checked = pagehaul.configure(telemetry={"metrics": {"endpoint": receiver.otlp}}).succeed("check")
    assert f"{receiver.otlp}/v1/metrics takes metrics" in checked.stdout


def test_a_second_process_goes_on_with_the_same_series(pagehaul, receiver):
    pagehaul.configure(telemetry={"metrics": {"endpoint": receiver.otlp}})
    for _ in range(2):
        assert not [line for line in pagehaul.succeed().log if line["level"] == "warn"]
    (labels, runs), = receiver.query("count_over_time(pagehaul_last_run_timestamp_seconds[1h])")
    assert runs >= 4 and labels == {"job": "pagehaul", "pipeline": "creative_report"}
