"""The chart through the real Helm: `make chart` builds it and names its folder in PAGEHAUL_TOOLS."""

import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
CHART = ROOT / "helm" / "pagehaul"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
IMAGE = {"repository": "registry.example.com/pagehaul"}
MINIMAL = {"image": IMAGE, "pipelines": {"orders": {"schedule": "@hourly", "existingConfigMap": {"name": "orders"}}}}


def feature(path):
    return path.name.removesuffix("-values.yaml")


class Helm:
    def __init__(self, binary, tmp_path):
        self.binary = binary
        self.tmp_path = tmp_path

    def template(self, *files, values=None, kube="1.34.0", extra=(), chart=CHART):
        """The CompletedProcess of `helm template` under these values: files, then a mapping on them."""
        files = [str(file) for file in files]
        if values is not None:
            own = self.tmp_path / "values.yaml"
            own.write_text(yaml.safe_dump(values))
            files.append(str(own))
        options = [option for file in files for option in ("--values", file)]
        command = [self.binary, "template", "release", chart, "--namespace", "data", "--kube-version", kube, *options, *extra]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def package(self):
        """The chart's archive, as it is published."""
        subprocess.run([self.binary, "package", CHART, "--destination", self.tmp_path], capture_output=True, check=True, timeout=60)
        (archive,) = self.tmp_path.glob("pagehaul-*.tgz")
        return archive

    def render(self, *files, **options):
        """The rendered objects."""
        done = self.template(*files, **options)
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture
def tools():
    """The folder of tools.sh."""
    folder = os.environ.get("PAGEHAUL_TOOLS")
    assert folder, "PAGEHAUL_TOOLS is not set: run `make chart`"
    return pathlib.Path(folder)


@pytest.fixture
def helm(request, tools, tmp_path):
    """Helm 3, or the one that the test is parametrized with: helm, helm4."""
    return Helm(tools / getattr(request, "param", "helm"), tmp_path)


@pytest.fixture
def helm4(tools, tmp_path):
    return Helm(tools / "helm4", tmp_path)
