"""The image as it is published: one index, an image an architecture, each of which starts: where this machine's processor is another
one, by qemu."""

import json
import os
import shutil
import subprocess

import pytest
from conftest import ARTIFACTS, ROOT, run

# The processor in the header of a program (ELF's e_machine), and what starts it on another one.
PROCESSORS = {"amd64": (62, "qemu-x86_64-static"), "arm64": (183, "qemu-aarch64-static")}
ARCHITECTURES = sorted(path.name.split("-")[-1].split(".")[0] for path in ARTIFACTS.glob("pagehaul-*.cdx.json"))
CONFIG = {"pipeline": "index", "source": {"base_url": "http://127.0.0.1:1", "request": {"path": "/rows"}, "pagination": {"type": "none"}, "records": "/rows",
                                          "slices": {"day": {"from": "-1d", "to": "-1d", "step": "1d", "zone": "Asia/Shanghai"}}, "retry": {"attempts": 1}},
          "sink": {"dsn": "postgresql://nobody@127.0.0.1:1/none", "table": "t", "key": ["id"], "columns": [{"name": "id", "type": "bigint"}]},
          "run": {"patience": "1s"}}


@pytest.fixture(scope="module")
def index(layout, version):
    return layout(f"pagehaul-{version}.oci.tar")


@pytest.fixture(scope="module")
def images(index):
    """{architecture: the descriptor of its image}"""
    return {entry["platform"]["architecture"]: entry for entry in index.json(index.entry)["manifests"]}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def image(request, index, images, tmp_path_factory):
    """(architecture, its configuration, a root that holds its files)"""
    manifest = index.json(images[request.param])
    root = tmp_path_factory.mktemp(request.param)
    for layer in manifest["layers"]:
        run("tar", "--extract", "--gzip", "--file", index.blob(layer), "--directory", root)
    return request.param, index.json(manifest["config"]), root


@pytest.fixture
def program(image):
    """A function: runs the image's program in its own root, without this machine's files. -> CompletedProcess"""
    architecture, _, root = image
    emulator = []
    if architecture != run("dpkg", "--print-architecture").strip():
        shutil.copy(f"/usr/bin/{PROCESSORS[architecture][1]}", root / "emulator")
        emulator = ["/emulator"]
    (root / "pipeline.yaml").write_text(json.dumps(CONFIG))
    return lambda *arguments: subprocess.run(["chroot", root, *emulator, "/usr/bin/pagehaul", *arguments], capture_output=True, text=True, timeout=60)


def test_it_is_an_index_of_linux_images(index, images, version):
    assert index.entry["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert index.entry["annotations"]["org.opencontainers.image.ref.name"] == version
    assert ARCHITECTURES and sorted(images) == ARCHITECTURES
    assert {entry["platform"]["os"] for entry in images.values()} == {"linux"}


def test_an_image_says_what_it_is(image, version):
    architecture, config, _ = image
    labels = config["config"]["Labels"]
    assert (config["architecture"], config["os"], config["config"]["User"]) == (architecture, "linux", "65532:65532")
    assert labels["org.opencontainers.image.version"] == version
    assert labels["org.opencontainers.image.revision"] == run("git", "-C", ROOT, "rev-parse", "HEAD").strip()


def test_its_program_is_for_its_architecture(image):
    architecture, _, root = image
    header = (root / "usr/bin/pagehaul").read_bytes()[:20]
    assert header[:4] == b"\x7fELF" and int.from_bytes(header[18:20], "little") == PROCESSORS[architecture][0]


def test_it_starts(program, version):
    done = program("--version")
    assert (done.returncode, done.stdout) == (0, f"pagehaul {version}\n"), done.stderr


def test_it_reads_a_config_and_its_time_zone(program):
    done = program("check", "--offline", "--config", "/pipeline.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_gets_as_far_as_its_database(program):
    done = program("run", "--config", "/pipeline.yaml")
    assert done.returncode == 69 and '"msg":"start"' in done.stderr, done.stderr


def test_the_list_of_its_parts_is_the_one_that_stands_in_it(image, artifact, version):
    """And names packages of its architecture, or of all. os-release, a text, is that of the image that is built in: two base-files cannot be installed side by side."""
    architecture, _, root = image
    beside = artifact(f"pagehaul-{version}-{architecture}.cdx.json").read_text()
    assert beside == (root / "usr/share/doc/pagehaul/sbom.cdx.json").read_text()
    sbom = json.loads(beside)
    assert sbom["metadata"]["component"]["version"] == version
    held = [part for part in sbom["components"] if {"name": "pagehaul:held", "value": "files"} in part["properties"] and part["name"] != "base-files"]
    assert {part["purl"].partition("?arch=")[2].partition("&")[0] for part in held} == {architecture, "all"}


def test_all_images_hold_the_same_packages(artifact, version):
    named = [{part["name"] for part in json.loads(artifact(f"pagehaul-{version}-{name}.cdx.json").read_text())["components"]} for name in ARCHITECTURES]
    assert all(names == named[0] for names in named)


def test_it_goes_through_a_registry(index, tmp_path, version):
    """As it is published: skopeo copies all of it, and a client gets the same index."""
    from harness.others import DockerRegistry

    registry = DockerRegistry()
    try:
        place = registry.url.removeprefix("http://") + f"/pagehaul:{version}"
        run("skopeo", "copy", "--all", "--dest-tls-verify=false", f"oci-archive:{ARTIFACTS}/pagehaul-{version}.oci.tar", f"docker://{place}")
        told = run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{place}")
    finally:
        registry.close()
    assert told == index.blob(index.entry).read_text()
