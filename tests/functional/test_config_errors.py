"""Every file of config_errors/ through the real binary: its problems, all at once, each with file:line:col, and 78."""

import json
import pathlib

import pytest

from harness.pagehaul import CONFIG, OK

FOLDER = pathlib.Path(__file__).parent / "config_errors"
CASES = sorted(FOLDER.glob("*.yaml"))


def expectation(path):
    """(lines expected on stderr, arguments, environment) of a case's leading comments."""
    told = {"expect": [], "set": [], "env": []}
    for line in path.read_bytes().decode(errors="replace").splitlines():
        word, colon, text = line.removeprefix("# ").partition(": ")
        if not line.startswith("# ") or not colon:
            break
        if word in told:
            told[word].append(str(path) + text[4:] if text.startswith("FILE") else text)
    arguments = [part for override in told["set"] for part in ("--set", override)]
    return told["expect"], arguments, dict(text.split("=", 1) for text in told["env"])


@pytest.mark.parametrize("path", CASES, ids=[case.stem for case in CASES])
def test_a_wrong_config_ends_with_78_and_every_problem_at_its_place(pagehaul_for, path):
    expected, arguments, environment = expectation(path)
    assert expected, "the case says nothing of what it expects"
    result = pagehaul_for().run_raw("run", "-c", path, *arguments, env=environment)
    assert result.code == CONFIG, str(result)
    assert [line for line in result.stderr.splitlines() if line] == expected
    assert result.stdout == ""


def test_check_says_the_same_as_run(pagehaul_for):
    expected, _, _ = expectation(FOLDER / "several_at_once.yaml")
    result = pagehaul_for().run_raw("check", "--offline", "-c", FOLDER / "several_at_once.yaml")
    assert result.code == CONFIG
    assert all(line in result.stdout for line in expected), str(result)


def test_a_secret_that_is_not_set_is_named_with_its_place_and_fits_once_it_is(pagehaul_for):
    runner = pagehaul_for()
    runner.env["DATABASE_URL"] = "postgres://localhost/db"
    result = runner.run("check", "--offline", env={"ACCESS_TOKEN": None})
    assert result.code == CONFIG
    assert "source.auth.value: the environment variable ACCESS_TOKEN is not set" in result.stdout
    assert runner.run("check", "--offline").code == OK


def test_a_file_that_is_not_there_is_named(pagehaul_for, tmp_path):
    result = pagehaul_for().run_raw("run", "-c", tmp_path / "missing.yaml")
    assert result.code == CONFIG
    assert "missing.yaml" in result.stderr and "No such file" in result.stderr, str(result)


def test_the_termination_message_tells_kubernetes_of_a_wrong_config(pagehaul_for, tmp_path):
    message = tmp_path / "termination-log"
    message.touch()
    path = FOLDER / "several_at_once.yaml"
    expected, _, _ = expectation(path)
    pagehaul_for().run_raw("run", "-c", path, env={"PAGEHAUL_TERMINATION_LOG": message})
    (line,) = message.read_text().splitlines()
    told = json.loads(line)
    assert told["verdict"] == "failed" and told["exit_code"] == CONFIG
    assert told["reason"].splitlines() == expected


def test_the_termination_message_fits_into_the_4096_bytes_of_kubernetes(pagehaul_for, tmp_path):
    message = tmp_path / "termination-log"
    message.touch()
    runner = pagehaul_for().configure(sink={"columns": [{"name": "x" * 60 + f"\u00e9{n}", "type": "?"} for n in range(200)]})
    runner.run(env={"PAGEHAUL_TERMINATION_LOG": message, "DATABASE_URL": "postgres://localhost/db"})
    assert json.loads(message.read_text())["exit_code"] == CONFIG
    assert message.stat().st_size <= 4096
