"""All of it together: sums, and when a commit may be released."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from conftest import ARTIFACTS, ROOT, run


def test_the_sums_are_those_of_all_files(artifact):
    told = dict(reversed(line.split("  ", 1)) for line in artifact("SHA256SUMS").read_text().splitlines())
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in ARTIFACTS.iterdir() if path.name != "SHA256SUMS"}


@pytest.fixture
def tree():
    """A small tree at version 1.2.0 with what a release is checked against, committed, that everybody may read."""
    with tempfile.TemporaryDirectory(prefix="pagehaul-release-") as folder:
        pathlib.Path(folder).chmod(0o755)
        yield made(pathlib.Path(folder))


def made(tree):
    for name, text in {"CMakeLists.txt": "project(pagehaul VERSION 1.2.0 LANGUAGES CXX)\n", "CHANGELOG.md": "# Changelog\n\n## [1.2.0] - 2026-12-01\n",
                       "helm/pagehaul/Chart.yaml": "version: 1.2.0\n"}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/release.sh", tree / "deploy")
    run("git", "init", "-q", tree)
    commit(tree)
    return tree


def commit(tree):
    run("git", "add", "-A", cwd=tree)
    run("git", "-c", "user.name=tests", "-c", "user.email=tests@example.com", "commit", "-q", "-m", "a state", cwd=tree)


def refused(tree, *before):
    """What release.sh says before it has built anything."""
    done = subprocess.run([*before, tree / "deploy/release.sh"], capture_output=True, text=True, timeout=60, env={**os.environ, "GIT_CONFIG_COUNT": "1",
                          "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"})
    assert done.returncode == 1 and not (tree / "build").exists(), done.stdout + done.stderr
    return done.stderr


def test_a_tag_of_another_version_is_refused(tree):
    run("git", "tag", "v1.3.0", cwd=tree)
    assert "tagged v1.3.0, and CMakeLists.txt says 1.2.0" in refused(tree)


def test_a_release_that_the_changelog_does_not_tell_of_is_refused(tree):
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    commit(tree)
    run("git", "tag", "v1.2.0", cwd=tree)
    assert "CHANGELOG.md has no section [1.2.0]" in refused(tree)


def test_files_that_differ_from_the_tag_are_refused(tree):
    run("git", "tag", "v1.2.0", cwd=tree)
    (tree / "CMakeLists.txt").write_text("project(pagehaul VERSION 1.2.0 LANGUAGES C CXX)\n")
    assert "files differ from the tagged commit:  M CMakeLists.txt" in refused(tree)


def test_somebody_else_than_root_is_told_what_is_missing(tree):
    assert "only root builds images" in refused(tree, "setpriv", "--reuid=65534", "--clear-groups")
