"""What is rendered, read with Kubernetes' own types: no field that there is not."""

import os
import pathlib
import subprocess

import pytest
from conftest import CHART, CI_VALUES, ROOT, feature


def read(*files):
    strict = pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "strict"
    return subprocess.run([strict, *files], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_kubernetes_knows_every_field_that_is_rendered(helm, values, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(helm.template(values).stdout)
    done = read(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubernetes_knows_every_field_of_the_plain_manifests():
    done = read(*(path for path in (ROOT / "deploy" / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"))
    assert done.returncode == 0, done.stdout


def test_a_field_that_there_is_not_is_found(helm, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(helm.template(CI_VALUES[0]).stdout.replace("podReplacementPolicy:", "podReplacementPolice:"))
    assert 'unknown field "spec.jobTemplate.spec.podReplacementPolice"' in read(file).stdout


def test_a_field_that_an_alert_cannot_have_is_found(helm, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(helm.template(CHART / "ci" / "prometheus-rule-values.yaml").stdout.replace("for: 5m", "during: 5m"))
    assert 'unknown field "spec.groups[0].rules[0].during"' in read(file).stdout


def test_a_kind_that_nobody_knows_is_found(tmp_path):
    file = tmp_path / "unknown.yaml"
    file.write_text("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRules\nmetadata: {name: a}\n")
    assert 'no kind "PrometheusRules" is registered' in read(file).stdout
