"""What `make release-artifacts` has made, looked at as those who get it would."""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTIFACTS = pathlib.Path(os.environ.get("PAGEHAUL_ARTIFACTS", ROOT / "build/release-artifacts"))


def run(*argv, **options):
    """What it prints, of a command that must succeed."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def version():
    return re.search(r"^project\(pagehaul VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]


@pytest.fixture(scope="session")
def artifact():
    """A function: the one artefact whose name fits a pattern."""
    def find(pattern):
        found = sorted(ARTIFACTS.glob(pattern))
        assert len(found) == 1, f"expected one {pattern} in {ARTIFACTS}, got {[path.name for path in found]}: run `make release-artifacts`"
        return found[0]
    return find


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """A function: the folder with what is in a tar archive."""
    def unpack(path):
        folder = tmp_path_factory.mktemp(path.name)
        run("tar", "--extract", "--file", path, "--directory", folder)
        return folder
    return unpack


@pytest.fixture(scope="session")
def installed(artifact, tmp_path_factory):
    """A root in which dpkg has installed the Debian package and knows of nothing else."""
    root = tmp_path_factory.mktemp("root")
    (root / "var/lib/dpkg/updates").mkdir(parents=True)
    (root / "var/lib/dpkg/info").mkdir()
    (root / "var/lib/dpkg/status").touch()
    run("dpkg", f"--root={root}", "--log=/dev/null", "--force-depends", "--install", artifact("pagehaul_*.deb"))
    return root


class Help:
    """The verbs and options that --help lists: {verb: options}, those of the program itself by the verb ''."""

    def __init__(self, program):
        self.text = run(program, "--help")
        self.verbs = re.findall(r"^  (\w+) {2,}\S", self.text.partition("\nVerbs:\n")[2].partition("\n\n")[0], re.M)
        self.options = {verb: self._options(run(program, *([verb] if verb else []), "--help")) for verb in ["", *self.verbs]}

    @staticmethod
    def _options(text):
        listed = text.partition("\nOptions:\n")[2].partition("\n\n")[0]
        return [name for line in re.findall(r"^  (-\S+)", listed, re.M) for name in line.split(",")]


@pytest.fixture(scope="session")
def helped(installed):
    return Help(installed / "usr/bin/pagehaul")


class Layout:
    """An OCI image layout in a folder."""

    def __init__(self, folder):
        self.folder = folder
        (self.entry,) = json.loads((folder / "index.json").read_text())["manifests"]

    def blob(self, descriptor):
        return self.folder / "blobs" / descriptor["digest"].replace(":", "/")

    def json(self, descriptor):
        return json.loads(self.blob(descriptor).read_text())


@pytest.fixture(scope="session")
def layout(artifact, unpacked):
    """A function: the layout in the one archive whose name fits a pattern."""
    return lambda pattern: Layout(unpacked(artifact(pattern)))
