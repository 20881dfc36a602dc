"""SQS as it differs from other queues: who may ask, what is not there, and a server that goes and comes back."""

import os
import pathlib
import subprocess

import pytest

from harness.fixtures import ROOT
from harness.pipeline import default_pipeline, write
from harness.sqs import SignedGate

pytestmark = pytest.mark.xdist_group("sqs")


@pytest.fixture
def gate(sqs):
    """Lets through what is signed right."""
    gate = SignedGate(sqs.url)
    yield gate
    gate.close()


@pytest.fixture
def start(sqs, tmp_path):
    """A function: start(queue, filter, **env) starts these tests of the conformance suite."""
    binary = pathlib.Path(os.environ.get("QUEUE_CONFORMANCE_BINARY", ROOT / "build" / "dev" / "queue_conformance"))
    started = []

    def start(queue, tests, **env):
        config = write(tmp_path / "pipeline.yaml", {**default_pipeline("http://127.0.0.1:1"), "queue": queue})
        started.append(subprocess.Popen(
            [binary, "--gtest_also_run_disabled_tests", f"--gtest_filter={tests}"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            env={"ACCESS_TOKEN": "t", "DATABASE_URL": "postgres://localhost/db", **os.environ, **sqs.env,
                 "PAGEHAUL_QUEUE_CONFIG": str(config), **env}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_every_request_is_signed_as_aws_wants_it(start, sqs, gate):
    process = start(gate.before(sqs.queue()), "Queue.HandsOut*:Queue.KeepsWhat*:Queue.TellsHow*")
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert gate.forwarded > 50 and gate.refused == 0


@pytest.mark.parametrize("env, expected", [
    ({"AWS_SECRET_ACCESS_KEY": "another-secret"}, "403 InvalidSignatureException, The request signature we calculated"),
    ({"AWS_ACCESS_KEY_ID": "AKIDNOBODY"}, "403 UnrecognizedClientException, The security token included"),
    ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials: expected AWS_ACCESS_KEY_ID"),
])
def test_wrong_credentials_are_refused_as_such_and_not_tried_again(start, sqs, gate, env, expected):
    process = start(gate.before(sqs.queue()), "*DISABLED_FailsForGood", **env)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "kind credential: " in said and expected in said, said
    assert "Canonical String" not in said and "another-secret" not in said
    assert gate.forwarded == 0 and gate.refused <= 3  # one a call


def test_a_queue_that_does_not_exist_is_the_configs_fault(start, sqs):
    process = start({**sqs.queue(), "url": sqs.url + "/000000000000/nobody-made-it"}, "*DISABLED_FailsForGood")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "kind config: queue.url: the server says 400 QueueDoesNotExist" in said, said


def test_both_ends_outlive_a_restart_of_the_server(start, sqs):
    process = start(sqs.queue(), "*DISABLED_OutlivesARestart")
    try:
        for line in process.stdout:
            if line == "stop it\n":
                sqs.stop()
            elif line == "start it\n":
                sqs.start()
            else:
                continue
            process.stdin.write("done\n")
    finally:
        if not sqs.running:
            sqs.start()
    assert process.wait(60) == 0
