"""What the tests here share: the functional tests' fixtures, the dashboard, and a Prometheus beside a Pushgateway."""

import json
import pathlib

import pytest
import yaml

from harness.prometheus import Prometheus

pytest_plugins = ["harness.fixtures"]

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "pagehaul.json"
RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
GUIDE = ROOT / "deploy" / "README.md"
KUBERNETES_ROW = "Kubernetes"


def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def panels():
    """[(row's title, panel)], rows themselves left out."""
    row, found = None, []
    for panel in dashboard()["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        else:
            found.append((row, panel))
    return found


def alert_rules():
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


@pytest.fixture
def prometheus(pushgateway, tmp_path):
    """A Prometheus with our rules that scrapes the test's Pushgateway."""
    (directory := tmp_path / "prometheus").mkdir()
    server = Prometheus(directory, pushgateway.url, [RULES])
    yield server
    server.close()
