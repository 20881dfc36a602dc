"""Every kind of queue on its real server keeps the same promises (src/queue/queue.h)."""

import os
import pathlib
import subprocess

import pytest

from harness.fixtures import ROOT
from harness.pipeline import write

KINDS = ["rabbitmq", "kafka", "sqs"]


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS])
def queue(request, pagehaul):
    """What a config says of an empty queue of this test's own."""
    server = request.getfixturevalue(request.param)
    pagehaul.env.update(getattr(server, "env", {}))
    return server.queue()


def test_does_what_every_queue_does(queue, pagehaul):
    pagehaul.configure(queue=queue)
    config = write(pagehaul.config_path, pagehaul.pipeline)
    binary = pathlib.Path(os.environ.get("QUEUE_CONFORMANCE_BINARY", ROOT / "build" / "dev" / "queue_conformance"))
    done = subprocess.run([binary], env={**os.environ, **pagehaul.env, "PAGEHAUL_QUEUE_CONFIG": str(config)},
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
