"""What is pushed is what deploy/metrics.md says."""

import pathlib
import re

import pytest

from harness import sanitizer
from harness.pipeline import in_a_stream, sliced
from harness.recorder import Recorder

DOC = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "metrics.md"
# Their values depend on the run, or are many.
OPEN = {"code", "cronjob", "name", "stream", "version", "worker"}

pytestmark = pytest.mark.xdist_group("sqs")


@pytest.fixture
def gateway():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def pushed(pagehaul, gateway, sqs):
    """The last push of a run that has all there can be: dates, streams, a deadline, an interval, a memory limit, a broker that tells all."""
    if sanitizer.environment(pagehaul.binary):
        pytest.skip("a sanitizer's runtime does not start under a limit of its addresses")
    pagehaul.env.update(sqs.env)
    pagehaul.configure(sliced(), run={"deadline": "10m"}, queue=sqs.queue(),
                       telemetry={"expect_every": "1d", "labels": {"cronjob": "nightly"}, "pushgateway": {"url": gateway.url}})
    pagehaul.pipeline = in_a_stream(pagehaul.pipeline, "creative")
    limited = pagehaul.start(prefix=["prlimit", f"--as={4 << 30}"]).result()
    assert limited.code == 0, str(limited)
    return gateway.pushes[-1].body


def exposed(text):
    """{family: (type, {label: values})}."""
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    families = {name: (kind, {}) for name, kind in types.items()}
    for name, labels in re.findall(r"^(pagehaul_\w+)(?:\{(.*)\})? \S+$", text, re.M):
        family = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            if label != "le":
                families[family][1].setdefault(label, set()).add(value)
    return families


def documented():
    rows = re.findall(r"^\| `(pagehaul_\w+)` \| (\w+) \| (.*?) \|", DOC.read_text(), re.M)
    families = {}
    for name, kind, labels in rows:
        assert name not in families, f"{name} stands twice in {DOC.name}"
        families[name] = (kind, {label: set((values or "").split(", "))
                                 for label, values in re.findall(r"`(\w+)`(?:: ([^`]*?))?(?:, (?=`)|$)", labels)})
    return families


def without_open_values(families):
    return {name: (kind, {label: "…" if label in OPEN else values for label, values in labels.items()})
            for name, (kind, labels) in families.items()}


def test_what_is_pushed_is_what_is_documented(pushed):
    assert without_open_values(exposed(pushed)) == without_open_values(documented())
