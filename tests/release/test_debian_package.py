"""The Debian package: what it says of itself, and that it installs what it should, of which dpkg and apt are asked."""

import gzip
import re

import pytest
from conftest import run

INSTALLED = {
    "usr/bin/pagehaul": 0o755,
    "usr/share/man/man1/pagehaul.1.gz": 0o644,
    "usr/share/bash-completion/completions/pagehaul": 0o644,
    "usr/share/zsh/vendor-completions/_pagehaul": 0o644,
    "usr/share/fish/vendor_completions.d/pagehaul.fish": 0o644,
    "usr/share/doc/pagehaul/copyright": 0o644,
    "usr/share/doc/pagehaul/changelog.gz": 0o644,
    "usr/share/doc/pagehaul/changelog.Debian.gz": 0o644,
}


@pytest.fixture(scope="module")
def deb(artifact):
    return artifact("pagehaul_*.deb")


@pytest.fixture(scope="module")
def fields(deb):
    return dict(line.split(": ", 1) for line in run("dpkg-deb", "--field", deb).split("\n") if re.match(r"[A-Z][\w-]*: ", line))


def test_it_says_what_it_is(fields, version):
    assert (fields["Package"], fields["Version"], fields["Architecture"]) == ("pagehaul", version + "-1", run("dpkg", "--print-architecture").strip())
    assert re.fullmatch(r"[^<]+ <\S+@\S+>", fields["Maintainer"]) and fields["Section"] == "database"


def test_its_dependencies_are_the_libraries_of_the_program(fields, installed):
    """And what no library asks for: certificates, and time zones."""
    named = {entry.split(" ")[0] for entry in fields["Depends"].split(", ")}
    assert {"ca-certificates", "tzdata", "libc6", "libcurl4", "libpq5", "libssl3", "libstdc++6"} <= named
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "--dynamic", installed / "usr/bin/pagehaul"))
    owners = {line.split(":")[0] for line in run("dpkg-query", "--search", *(f"*-linux-gnu/{name}" for name in needed)).splitlines()}
    # A dependency may be on a name that the owner provides, libspdlog1.10-fmt9 say.
    assert [owner for owner in owners if not any(name == owner or name.startswith(owner + "-") for name in named)] == []


def test_apt_finds_all_of_them(deb):
    assert re.search(r"^Inst pagehaul ", run("apt-get", "--simulate", "--no-install-recommends", "install", deb), re.M)


def test_it_installs_these_files_and_no_others(deb, installed):
    listed = {}
    for line in run("dpkg-deb", "--contents", deb).splitlines():
        mode, owner, _, _, _, path = line.split(maxsplit=5)
        assert owner == "root/root" and mode[0] in "-d", line
        if mode[0] == "-":
            listed[path.removeprefix("./")] = (installed / path).stat().st_mode & 0o7777
    assert listed == INSTALLED


def test_dpkg_holds_what_it_has_installed_for_whole(installed):
    assert run("dpkg", f"--root={installed}", "--verify", "pagehaul") == ""


def test_the_program_starts(installed, version):
    assert run(installed / "usr/bin/pagehaul", "--version") == f"pagehaul {version}\n"


def test_the_program_is_stripped_and_hardened(installed):
    program = installed / "usr/bin/pagehaul"
    assert ".symtab" not in run("readelf", "--sections", "--wide", program)
    assert "BIND_NOW" in run("readelf", "--dynamic", program) and "Type:                              DYN" in run("readelf", "--file-header", program)


def test_its_changelogs_are_the_programs_and_debians(installed, fields):
    docs = installed / "usr/share/doc/pagehaul"
    assert gzip.decompress((docs / "changelog.gz").read_bytes()).startswith(b"# Changelog")
    debian = gzip.decompress((docs / "changelog.Debian.gz").read_bytes()).decode()
    parsed = run("dpkg-parsechangelog", "--file", "-", input=debian)
    assert f"Version: {fields['Version']}\n" in parsed and f"Maintainer: {fields['Maintainer']}\n" in parsed
