"""The chart as it is published: the tree's, as an archive and as what a registry holds."""

import os
import pathlib

import pytest
import yaml
from conftest import ARTIFACTS, ROOT, run

from harness.others import DockerRegistry

CHART = ROOT / "helm/pagehaul"
METADATA = yaml.safe_load((CHART / "Chart.yaml").read_text())
ARCHIVE = f"pagehaul-chart-{METADATA['version']}.tgz"
ARTIFACT = f"pagehaul-chart-{METADATA['version']}.oci.tar"


@pytest.fixture(scope="module")
def helm():
    return pathlib.Path(run(ROOT / "tests/chart/tools.sh").strip()) / "helm"


@pytest.fixture
def registry():
    server = DockerRegistry()
    yield server.url.removeprefix("http://")
    server.close()


def test_it_is_the_chart_of_the_program(version):
    assert METADATA["appVersion"] == version


def test_the_archive_holds_the_tree_s_files(artifact, unpacked):
    held = unpacked(artifact(ARCHIVE)) / "pagehaul"
    files = {str(path.relative_to(held)) for path in held.rglob("*") if path.is_file()}
    tracked = {line for line in run("git", "ls-files", cwd=CHART).split() if not line.startswith("ci/")}
    assert files == tracked
    assert [name for name in files - {"Chart.yaml"} if (held / name).read_bytes() != (CHART / name).read_bytes()] == []
    assert yaml.safe_load((held / "Chart.yaml").read_text()) == METADATA


def test_it_renders(helm, artifact, version):
    shown = run(helm, "template", "orders", artifact(ARCHIVE), "--kube-version", "1.34.0", "--values", CHART / "ci/config-text-values.yaml")
    assert f"pagehaul:{version}" in shown


def test_what_helm_pulls_from_a_registry_is_that_archive(helm, artifact, registry, tmp_path):
    run("skopeo", "copy", "--dest-tls-verify=false", f"oci-archive:{ARTIFACTS / ARTIFACT}", f"docker://{registry}/charts/pagehaul:{METADATA['version']}")
    run(helm, "pull", f"oci://{registry}/charts/pagehaul", "--version", METADATA["version"], "--plain-http", "--destination", tmp_path,
        env={**os.environ, "HELM_CACHE_HOME": str(tmp_path / "cache")})
    (pulled,) = tmp_path.glob("*.tgz")
    assert pulled.read_bytes() == artifact(ARCHIVE).read_bytes()


def test_the_artifact_is_of_helm_s_kinds(layout):
    held = layout(ARTIFACT)
    manifest = held.json(held.entry)
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
    assert [layer["mediaType"] for layer in manifest["layers"]] == ["application/vnd.cncf.helm.chart.content.v1.tar+gzip"]
    assert held.json(manifest["config"]) == METADATA
