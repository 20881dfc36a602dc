"""What is pushed is valid for Prometheus' own tool."""

import contextlib
import subprocess

import pytest

from harness.pagehaul import CREDENTIAL, OK
from harness.pipeline import sliced
from harness.recorder import Recorder


@pytest.mark.parametrize("token, code", [(None, OK), ("not-the-token", CREDENTIAL)], ids=["of a good run", "of a failing run"])
def test_every_push_is_valid_for_promtool(pagehaul, token, code):
    with contextlib.closing(Recorder()) as gateway:
        pagehaul.configure(sliced(), run={"deadline": "10m"},
                           telemetry={"expect_every": "1d", "pushgateway": {"url": gateway.url, "interval": "1s"}})
        ended = pagehaul.run(env={"ACCESS_TOKEN": token} if token else None)
    assert ended.code == code, str(ended)
    assert len(gateway.pushes) >= 2
    for push in gateway.pushes:
        checked = subprocess.run(["promtool", "check", "metrics"], input=push.body, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
