"""What is rendered, read with Kubernetes' own types, and KEDA's objects as KEDA defines them: no field that there is not."""

import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml
from conftest import CHART, CI_VALUES, ROOT, feature


def read(*files):
    strict = pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "strict"
    return subprocess.run([strict, *files], capture_output=True, text=True, timeout=60)


def is_kedas(document):
    return document["apiVersion"].startswith("keda.sh/")


def closed(schema):
    """The schema with nothing beside what it names: a definition lets unknown fields pass, and the API server drops them."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        inner.setdefault("additionalProperties", False)
    return inner


def wrong_for_keda(document):
    """What KEDA's definition of its kind says against it."""
    definition = yaml.safe_load((pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "keda" / f"keda.sh_{document['kind'].lower()}s.yaml").read_text())
    version = next(v for v in definition["spec"]["versions"] if document["apiVersion"] == f"keda.sh/{v['name']}")
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_kubernetes_knows_every_field_that_is_rendered(helm, values, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(yaml.safe_dump_all([document for document in helm.render(values) if not is_kedas(document)]))
    done = read(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_keda_knows_every_field_that_is_rendered(helm):
    rendered = [document for document in helm.render(CHART / "ci" / "scaling-values.yaml") if is_kedas(document)]
    assert {document["kind"] for document in rendered} == {"ScaledJob", "TriggerAuthentication"}
    for document in rendered:
        assert wrong_for_keda(document) == []


def test_the_keda_that_is_asked_is_the_one_that_runs_end_to_end():
    asked, run = ((ROOT / "tests" / folder / "go.mod").read_text() for folder in ("chart/tools/keda", "e2e/cluster/keda"))
    assert re.findall(r"require github\.com/kedacore/keda/v2 (\S+)", asked) == re.findall(r"require github\.com/kedacore/keda/v2 (\S+)", run)


def test_a_field_that_a_scaledjob_cannot_have_is_found(helm):
    (job,) = [document for document in helm.render(CHART / "ci" / "scaling-values.yaml") if document["kind"] == "ScaledJob"]
    job["spec"]["jobTargetRef"]["template"]["spec"]["containers"][0]["comand"] = ["x"]
    assert any("comand" in error for error in wrong_for_keda(job))


def test_kubernetes_knows_every_field_of_the_plain_manifests():
    done = read(*(path for path in (ROOT / "deploy" / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"))
    assert done.returncode == 0, done.stdout


def test_keda_knows_every_field_of_the_plain_manifests():
    documents = [yaml.safe_load(path.read_text()) for path in (ROOT / "deploy" / "keda").rglob("*.yaml")
                 if path.name != "kustomization.yaml" and path.parent.name != "kustomize"]
    assert {document["kind"] for document in documents} == {"ScaledJob", "TriggerAuthentication"}
    for document in documents:
        assert wrong_for_keda(document) == []


def test_plain_workers_are_pods_of_the_plain_cronjob():
    """One pipeline file, one Secret, one account."""

    def spec(name):
        return yaml.safe_load((ROOT / "deploy" / name).read_text())["spec"]

    workers, runs = spec("keda/scaledjob.yaml")["jobTargetRef"]["template"]["spec"], spec("kubernetes/cronjob.yaml")["jobTemplate"]["spec"]["template"]["spec"]
    for key in ("volumes", "serviceAccountName", "terminationGracePeriodSeconds"):
        assert workers[key] == runs[key]
    assert workers["containers"][0]["envFrom"] == runs["containers"][0]["envFrom"]


def test_a_field_that_there_is_not_is_found(helm, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(helm.template(CI_VALUES[0]).stdout.replace("podReplacementPolicy:", "podReplacementPolice:"))
    assert 'unknown field "spec.jobTemplate.spec.podReplacementPolice"' in read(file).stdout


def test_a_field_that_an_alert_cannot_have_is_found(helm, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(helm.template(CHART / "ci" / "prometheus-rule-values.yaml").stdout.replace("for: 5m", "during: 5m"))
    assert re.search(r'unknown field "spec\.groups\[0\]\.rules\[\d+\]\.during"', read(file).stdout)


def test_a_kind_that_nobody_knows_is_found(tmp_path):
    file = tmp_path / "unknown.yaml"
    file.write_text("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRules\nmetadata: {name: a}\n")
    assert 'no kind "PrometheusRules" is registered' in read(file).stdout
