"""The plain manifests by `kubectl apply --kustomize`, changed as an operator changes them."""

import json
import pathlib
import shutil

import pytest
import yaml

from harness import commands
from harness.pagehaul import OK, SIGTERM_EXIT
from harness.pipeline import TOKEN, default_pipeline, merge
from harness.recovery import assert_complete
from kube.cluster import CHART
from kube.midway import FEW, drain, wait_midway

CRONJOB = "pagehaul-creative-report"
DSN = "postgres://puller:…@db.example.com/reports?sslmode=verify-full"


class Folder:
    """A copy of deploy/kubernetes, and an `apply` of it."""

    def __init__(self, namespace, directory, config):
        self._namespace, self._folder, self._config = namespace, directory / "kubernetes", config
        shutil.copytree(CHART.parents[1] / "deploy" / "kubernetes", self._folder)
        with open(self._folder / "kustomization.yaml", "a", encoding="utf-8") as text:
            text.write("images: [{name: registry.example.com/pagehaul, newName: localhost/pagehaul, newTag: dev}]\n")

    def apply(self, **changes):
        self._config = merge(self._config, changes)
        (self._folder / "config" / "pipeline.yaml").write_text(json.dumps(self._config), encoding="utf-8")
        self._namespace.kubectl("apply", "--kustomize", self._folder)


@pytest.fixture
def reader(namespace, tmp_path):
    """What commands.run needs for commands of the page: kubectl, of which the namespace is the one that it has without being told."""
    cluster = namespace.cluster
    config = yaml.safe_load(pathlib.Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    for held in config["contexts"]:
        held["context"]["namespace"] = namespace.name
    (own := tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
    return {"path": [cluster.tools], "env": {"KUBECONFIG": own}}


@pytest.fixture
def folder(namespace, reader, tmp_path, api, db):
    commands.run("deploy/kubernetes/README.md", "Without Helm", fills={"ACCESS_TOKEN=…": f"ACCESS_TOKEN={TOKEN}", DSN: db.dsn}, **reader)
    return Folder(namespace, tmp_path, merge(default_pipeline(api.url), {"run": {"drain": None}}))


def test_a_job_of_the_cronjob_pulls_everything(folder, namespace, api, db):
    folder.apply()
    namespace.create_job(CRONJOB, "now")
    namespace.wait_job("now", "Complete")
    assert_complete(db, api)


def test_an_apply_leaves_a_running_job_its_config_and_the_secret_as_it_is(folder, namespace, api, db):
    api.set(hold_after=12)
    folder.apply(**FEW)
    namespace.create_job(CRONJOB, "now")
    wait_midway(namespace, api, db)

    folder.apply(sink={"table": "report.later"})
    namespace.kubectl("delete", "pod", namespace.wait_pod("now").name, "--wait=false")
    drain(api, db)
    namespace.wait_job("now", "Complete")

    assert [pod.exit_code() for pod in namespace.pods("now")] == [SIGTERM_EXIT, OK]
    assert_complete(db, api)
    namespace.create_job(CRONJOB, "later")
    namespace.wait_job("later", "Complete")
    assert db.scalar("SELECT count(*) FROM report.later") == db.scalar("SELECT count(*) FROM report.creative")


def test_a_check_tries_everything_and_changes_nothing(folder, namespace, reader, db):
    folder.apply()
    said = commands.run("deploy/kubernetes/README.md", "Without Helm", 2, **reader).stdout
    namespace.wait_job("creative-report-check", "Complete")
    assert "ok    ledger" in said and "ok    api" in said, said
    assert namespace.job("creative-report-check")["metadata"].get("ownerReferences") is None
    assert not db.relation_exists("report.creative")
