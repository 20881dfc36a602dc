"""The list of the image's parts: it is CycloneDX, and whole: no file of the image, and no library of the program, is without a part."""

import hashlib
import json
import re

import pytest

pytestmark = pytest.mark.security

SBOM = "/usr/share/doc/pagehaul/sbom.cdx.json"
STATUS = "/var/lib/dpkg/status.d/"
# What the build writes itself, and the package whose files the bundle is made of.
OURS = {SBOM, "/usr/bin/pagehaul", "/usr/share/doc/pagehaul/LICENSE", "/usr/lib/ssl/cert.pem", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"}
# podman's own, in every container.
PODMANS = re.compile(r"/(etc/(hostname|hosts|resolv\.conf|mtab)|run/.*|dev/.*|proc|sys|\.dockerenv)$")


@pytest.fixture(scope="session")
def content(archive, members):
    """A function: the bytes of the file at this path."""
    return lambda path: archive.extractfile(members[path]).read()


@pytest.fixture(scope="session")
def sbom(content):
    return json.loads(content(SBOM))


@pytest.fixture(scope="session")
def owners(members, content):
    """{path: (package, MD5)}, as scanners read it."""
    sums = {path: content(path).decode() for path in members if path.startswith(STATUS) and path.endswith(".md5sums")}
    return {"/" + line.split("  ", 1)[1]: (path.removeprefix(STATUS).removesuffix(".md5sums"), line.split("  ", 1)[0])
            for path, text in sums.items() for line in text.splitlines()}


def held(sbom, how):
    """{name: component} of those whose files, or whose headers, are there."""
    return {part["name"]: part for part in sbom["components"] if {"name": "pagehaul:held", "value": how} in part["properties"]}


def test_it_is_cyclonedx(sbom):
    """What the schema of 1.5 demands, and that nothing in it changes from build to build."""
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["version"]) == ("CycloneDX", "1.5", 1)
    assert set(sbom) == {"bomFormat", "specVersion", "version", "metadata", "components", "dependencies"} and set(sbom["metadata"]) == {"component"}
    parts = [sbom["metadata"]["component"], *sbom["components"]]
    for part in parts:
        assert part["type"] in ("application", "library") and part["name"] and part["version"]
        assert all(set(entry) == {"license"} and set(entry["license"]) in ({"id"}, {"name"}) for entry in part["licenses"]) and part["licenses"]
        assert all(set(entry) == {"name", "value"} for entry in part["properties"])
    references = [part["bom-ref"] for part in parts]
    assert len(set(references)) == len(references)
    ((program, *_),) = [[entry["ref"], entry["dependsOn"]] for entry in sbom["dependencies"]]
    assert program == references[0] and sbom["dependencies"][0]["dependsOn"] == references[1:]


def test_each_package_has_its_purl(sbom, content):
    release = dict(line.split("=", 1) for line in content("/etc/os-release").decode().splitlines())
    distro = f"{release['ID']}-" + release["VERSION_ID"].strip('"')
    for part in sbom["components"]:
        found = re.fullmatch(r"pkg:deb/debian/([^@]+)@([^?]+)\?arch=(\w+)&distro=([\w.-]+)&upstream=[^&]+", part["purl"])
        assert found and found[4] == distro, part["purl"]
        plain = [text.replace("%2B", "+").replace("%3A", ":").replace("%25", "%") for text in found.groups()]
        assert plain[:2] == [part["name"], part["version"]] and not set("+:") & set(found[1] + found[2])


def test_it_names_the_program_its_commit_and_what_it_was_built_in(sbom, inspected, container):
    program = sbom["metadata"]["component"]
    properties = {entry["name"]: entry["value"] for entry in program["properties"]}
    assert program["version"] == container.run("version").stdout.split()[-1]
    assert properties["pagehaul:revision"] == inspected["Labels"]["org.opencontainers.image.revision"]
    assert re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", properties["pagehaul:built-in"]), properties


def test_every_package_that_dpkg_knows_of_is_in_it(sbom, members, content):
    known = {}
    for path in members:
        if path.startswith(STATUS) and not path.endswith(".md5sums"):
            fields = dict(line.split(": ", 1) for line in content(path).decode().splitlines() if re.match(r"[A-Z][\w-]*: ", line))
            assert fields["Status"] == "install ok installed" and path == STATUS + fields["Package"]
            known[fields["Package"]] = (fields["Version"], fields["Architecture"])
    parts = held(sbom, "files")
    assert {name: (part["version"], re.search(r"arch=(\w+)", part["purl"])[1]) for name, part in parts.items()} == known
    assert {"libc6", "libcurl4", "libpq5", "libssl3", "ca-certificates", "tzdata"} <= set(known)


def test_every_file_is_a_package_s_or_ours(members, content, owners, sbom):
    files = {path for path, member in members.items() if not member.isdir() and not path.startswith(STATUS) and not PODMANS.match(path)}
    assert files - OURS - set(owners) == set()
    assert set(owners) <= files
    assert {package for package, _ in owners.values()} == set(held(sbom, "files"))
    for path, (_, md5) in owners.items():
        if "/zoneinfo/" not in path:
            assert hashlib.md5(content(path)).hexdigest() == md5, path


def test_every_library_that_the_program_loads_is_of_a_listed_package(container, members, owners, sbom):
    (loader,) = [path for path in members if re.fullmatch(r"/lib\d*/ld-linux[\w.-]*", path)]
    listed = container.run("--list", "/usr/bin/pagehaul", options=["--entrypoint", loader])
    assert listed.returncode == 0 and "not found" not in listed.stdout, listed.stdout + listed.stderr
    loaded = re.findall(r"(/\S+)", listed.stdout)
    assert len(loaded) > 20
    for path in loaded:
        assert owners[path][0] in held(sbom, "files"), path


def test_what_is_nothing_but_headers_is_listed_too(sbom):
    compiled = set(held(sbom, "compiled-in"))
    assert {"nlohmann-json3-dev", "libcli11-dev", "libexpected-dev"} <= compiled
    assert not compiled & {"linux-libc-dev", "libc6-dev", "libcurl4-openssl-dev"}
