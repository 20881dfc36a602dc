"""The plain manifests as `kubectl apply --kustomize` gets them."""

import os
import pathlib
import shutil
import subprocess

import pytest
import yaml
from conftest import ROOT

PIPELINE = ROOT / "deploy" / "examples" / "xiaohongshu_creative_report.yaml"
PLAIN = {"ServiceAccount", "ConfigMap", "CronJob"}


class Deploy:
    """A copy of the folders, to be changed as an operator changes them."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "deploy"
        for name in ("kubernetes", "keda"):
            shutil.copytree(ROOT / "deploy" / name, self.folder / name)

    @property
    def pipeline(self):
        return self.folder / "kubernetes" / "config" / "pipeline.yaml"

    def build(self, name):
        """{kind: object} of a folder's kustomization."""
        kustomize = pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "kustomize"
        done = subprocess.run([kustomize, self.folder / name], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        objects = list(yaml.safe_load_all(done.stdout))
        kinds = {document["kind"]: document for document in objects}
        assert len(kinds) == len(objects)
        return kinds


@pytest.fixture
def deploy(tmp_path):
    return Deploy(tmp_path)


def config_names(kinds):
    """The names by which pods know the pipeline file."""
    templates = {"CronJob": ("spec", "jobTemplate", "spec", "template"), "ScaledJob": ("spec", "jobTargetRef", "template")}
    names = set()
    for kind, path in templates.items():
        if kind in kinds:
            pod = kinds[kind]
            for key in path:
                pod = pod[key]
            names |= {volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume}
    return names


def test_no_secret_is_applied_over_a_real_one(deploy):
    for name in ("kubernetes", "keda"):
        assert "Secret" not in deploy.build(name)
    assert not [path for path in (deploy.folder / "kubernetes").rglob("*.yaml") if "kind: Secret" in path.read_text()]


@pytest.mark.parametrize(("name", "kinds"), [("kubernetes", PLAIN), ("keda", PLAIN | {"ScaledJob", "TriggerAuthentication"})])
def test_all_pods_have_the_pipeline_file_to_the_letter_and_for_good(deploy, name, kinds):
    built = deploy.build(name)
    assert built.keys() == kinds
    config = built["ConfigMap"]
    assert config["immutable"] is True
    assert config["data"] == {"pipeline.yaml": PIPELINE.read_text()}
    assert config_names(built) == {config["metadata"]["name"]}


@pytest.mark.parametrize("name", ["kubernetes", "keda"])
def test_a_changed_file_makes_a_new_config(deploy, name):
    before = config_names(deploy.build(name))
    deploy.pipeline.write_text(deploy.pipeline.read_text() + "# changed\n")
    built = deploy.build(name)
    assert config_names(built) == {built["ConfigMap"]["metadata"]["name"]} and config_names(built).isdisjoint(before)


@pytest.mark.parametrize("kind", ["rabbitmq", "kafka", "sqs"])
def test_a_brokers_workers_go_in_the_place_of_the_ledgers(deploy, kind):
    for path in (deploy.folder / "keda" / kind).glob("*.yaml"):
        shutil.copy(path, deploy.folder / "keda")
    built = deploy.build("keda")
    assert config_names(built) == {built["ConfigMap"]["metadata"]["name"]}


def test_names_and_the_image_can_be_changed_for_all(deploy):
    top = deploy.folder / "mine"
    top.mkdir()
    (top / "kustomization.yaml").write_text(
        "resources: [../keda]\nnamePrefix: my-\nimages: [{name: registry.example.com/pagehaul, newName: registry.example.org/data/pagehaul, newTag: '2'}]\n"
        "secretGenerator: [{name: pagehaul-creative-report, literals: [A=b]}, {name: queue-reader, literals: [A=b]}]\n")
    kustomize = pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "kustomize"
    text = subprocess.run([kustomize, top], capture_output=True, text=True, check=True, timeout=60).stdout
    objects = list(yaml.safe_load_all(text))
    made = {(document["kind"], document["metadata"]["name"]) for document in objects}
    (workers,) = [document["spec"] for document in objects if document["kind"] == "ScaledJob"]
    (authentication,) = [document["spec"] for document in objects if document["kind"] == "TriggerAuthentication"]
    pod = workers["jobTargetRef"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example.org/data/pagehaul:2" and "registry.example.com" not in text
    assert {("ConfigMap", pod["volumes"][0]["configMap"]["name"]), ("Secret", pod["containers"][0]["envFrom"][0]["secretRef"]["name"]),
            ("ServiceAccount", pod["serviceAccountName"]), ("Secret", authentication["secretTargetRef"][0]["name"]),
            ("TriggerAuthentication", workers["triggers"][0]["authenticationRef"]["name"])} <= made
