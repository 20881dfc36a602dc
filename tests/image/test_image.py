"""What is in the image, and that the program finds there what it needs."""

import json
import stat
import subprocess
import time

import pytest
from conftest import PODMAN, pipeline

CONFIG = ["--config", "/etc/pagehaul/pipeline.yaml"]


def test_it_is_small(inspected, members):
    assert sum(member.size for member in members.values()) < 45_000_000
    assert inspected["Size"] < 45_000_000


@pytest.mark.security
def test_it_is_run_by_a_numeric_user_without_a_shell(inspected):
    config = inspected["Config"]
    assert (config["User"], config["Entrypoint"], config["Cmd"]) == ("65532:65532", ["/usr/bin/pagehaul"], ["--help"])


def test_it_says_what_it_is(inspected, container):
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in inspected["Labels"].items()}
    assert labels["title"] == "pagehaul" and labels["licenses"] == "Apache-2.0" and len(labels["revision"]) == 40
    assert container.run("version").stdout.split()[-1] == labels["version"]


@pytest.mark.security
def test_it_holds_one_program_and_nothing_privileged(members):
    """No shell, no package manager, nothing that its user owns or may write to but /tmp, no device."""
    files = {path: member for path, member in members.items() if member.isfile()}
    programs = {path for path, member in files.items() if member.mode & stat.S_IXUSR and ".so" not in path}
    assert programs == {"/usr/bin/pagehaul"}
    assert not [path for path, member in files.items() if member.mode & (stat.S_ISUID | stat.S_ISGID)]
    assert not [path for path, member in members.items() if not member.issym() and member.mode & (stat.S_IWGRP | stat.S_IWOTH) and path != "/tmp"]
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}
    assert all(member.isfile() or member.isdir() or member.issym() for member in members.values())
    assert members["/tmp"].mode & stat.S_ISVTX


# OpenShift gives a project's pods a user of its own, which no image knows, in group 0.
as_any_user = pytest.mark.parametrize("user", ["65532:65532", "1000680000:0"], ids=["its own", "a cluster's"])


@pytest.mark.security
@as_any_user
def test_it_checks_as_any_user_without_a_name(container, user):
    done = container.run("check", "--offline", *CONFIG, config=pipeline(), options=["--user", user])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.security
@pytest.mark.parametrize("name", ["/bin/sh", "/bin/bash", "/bin/busybox", "/usr/bin/env", "/usr/bin/dpkg", "/usr/bin/curl"])
def test_it_has_no_other_program_to_be_started(container, name):
    done = container.run(options=["--entrypoint", name])
    assert done.returncode == 127 and name.rsplit("/", 1)[1] in done.stderr, done.stderr


def test_it_runs_with_a_read_only_root(container):
    done = container.run("run", "--help")
    assert done.returncode == 0 and "Asks page 1 of every slice" in done.stdout, done.stderr
    assert json.loads(container.run("schema").stdout)["title"] == "pagehaul pipeline"


def test_it_knows_the_time_zones(container):
    done = container.run("check", "--offline", *CONFIG, config=pipeline())
    assert done.returncode == 0, done.stdout + done.stderr
    elsewhere = pipeline()
    elsewhere["source"]["slices"]["day"]["zone"] = "Asia/Nowhere"
    assert container.run("check", "--offline", *CONFIG, config=elsewhere).returncode == 78


@pytest.mark.security
@as_any_user
def test_a_run_gets_as_far_as_its_database(container, user):
    """Slices are expanded in their zone, sizes are read from the cgroup, the database is asked: nobody is there. Nothing is written."""
    done = container.run("run", *CONFIG, config=pipeline(), options=["--user", user])
    assert done.returncode == 69, done.stderr
    assert '"msg":"start"' in done.stderr and "127.0.0.1" in done.stderr


def test_sigterm_reaches_it_as_process_one(container):
    """Where nobody handles it, process one does not even get a SIGTERM."""
    def podman(*arguments):
        return subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, timeout=60, check=True)

    command = container.command("run", *CONFIG, config=pipeline(run={"patience": "10m"}), options=["--detach", "--log-driver=k8s-file"])
    command.remove("--rm")
    name = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    try:
        until = time.monotonic() + 20
        while '"msg":"start"' not in podman("logs", name).stderr:
            assert time.monotonic() < until, "it did not start"
            time.sleep(0.05)
        begun = time.monotonic()
        podman("kill", "--signal", "TERM", name)
        assert podman("wait", name).stdout.strip() == "143"
        assert time.monotonic() - begun < 25
    finally:
        podman("rm", "--force", "--time", "0", name)


@pytest.mark.security
@as_any_user
def test_it_finds_names_and_certificates(container, network, user):
    """By DNS alone, the API and the database are met over TLS; their authority stands in the system's bundle or they are refused."""
    config = pipeline()
    config["source"]["base_url"] = "https://api.image.test"
    reach = {"config": config, "network": f"ns:{network.path}", "env": {"DATABASE_URL": "postgresql://nobody@db.image.test/none?sslmode=verify-full"}}
    dns = ["--user", user, "--dns=127.0.0.1", "--dns-search=."]

    stranger = container.run("check", *CONFIG, options=dns, **reach)
    assert stranger.returncode != 0 and network.met() == []
    assert "certificate verify failed" in stranger.stdout, stranger.stdout

    trusted = ["--volume", f"{network.bundle}:/etc/ssl/certs/ca-certificates.crt:ro"]
    known = container.run("check", *CONFIG, options=[*dns, *trusted], **reach)
    assert "certificate verify failed" not in known.stdout, known.stdout
    assert set(network.met()) == {"api.image.test", "db.image.test"}, known.stdout
    assert "answered page 1" in known.stdout

    elsewhere = ["--volume", f"{network.bundle}:/etc/company/ca.pem:ro", "--env", "SSL_CERT_FILE=/etc/company/ca.pem"]
    assert "answered page 1" in container.run("check", *CONFIG, options=[*dns, *elsewhere], **reach).stdout
