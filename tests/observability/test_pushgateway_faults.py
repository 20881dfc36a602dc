"""No gateway, however broken, changes when a run knows its verdict, what the verdict is, or holds up its end."""

import contextlib
import os
import random
import socket
import subprocess
import threading
import time

import pytest

from harness import bad_gateways
from harness.pagehaul import DATA, OK

# Times are compared to 2 %: nothing may run beside these tests.
pytestmark = pytest.mark.alone

# 300 requests, the proof's two among them, at 5 a second: the rate alone decides how long a run takes.
PAGES, RATE, SECONDS = 298, 5, 60
AT_A_RATE = {"source": {"limits": {"rate": f"{RATE}/s", "burst": 1}}, "run": {"workers": 4}}


class Timed:
    """A run whose verdict (the termination message) and end are timed from outside."""

    def __init__(self, name, runner, url, **options):
        self.name = name
        self._message = runner.directory / "termination-log"
        self._message.touch()
        runner.configure(telemetry={"pushgateway": {"url": url, "interval": "1s"}})
        self._began = time.time()
        self._process = runner.start(env={"PAGEHAUL_TERMINATION_LOG": self._message}, **options)
        self._ended = None
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    def _wait(self):
        self.code = self._process.wait(SECONDS * 3)
        self._ended = time.time()

    def join(self):
        self._waiter.join()
        assert self._ended is not None, f"{self.name} has not ended\n{self._process.tail()}"
        verdict_at = os.stat(self._message).st_mtime
        self.result = self._process.result()
        self.to_verdict = verdict_at - self._began
        self.to_exit = self._ended - verdict_at
        self.failed_pushes = self.result.stderr.count("metrics could not be pushed")
        return self

    def __str__(self):
        return f"{self.name:14} exit {self.code:3}, verdict after {self.to_verdict:6.2f} s, end {self.to_exit:5.2f} s later"


@contextlib.contextmanager
def side_by_side(api, postgres, pagehaul_for, changes, gateways):
    """All at the same time, a database each: at this rate they need next to no CPU."""
    with contextlib.ExitStack() as open_things:
        runs = []
        for name, gateway in gateways.items():
            database = postgres.create_database()
            open_things.callback(database.drop)
            url = open_things.enter_context(gateway())
            runs.append(Timed(name, pagehaul_for(api, database).configure(changes), url))
        yield {run.name: run.join() for run in runs}


BROKEN = {gateway.__name__: gateway for gateway in bad_gateways.ALL}


def test_a_broken_gateway_moves_no_verdict_by_2_percent_and_no_end_by_3_seconds(mock_api, postgres, pagehaul_for, pushgateway):
    api = mock_api(rows=PAGES * 100)
    gateways = {"good": lambda: contextlib.nullcontext(pushgateway.url), **BROKEN}
    with side_by_side(api, postgres, pagehaul_for, AT_A_RATE, gateways) as runs:
        figures = "\n".join(map(str, runs.values()))
        print(figures)
        good = runs.pop("good")
        assert good.code == OK and good.failed_pushes == 0 and abs(good.to_verdict - SECONDS) < 3, figures
        assert pushgateway.value("pagehaul_last_run_success") == 1
        for run in runs.values():
            assert run.code == OK and run.result.stdout == "" and run.failed_pushes >= 1, f"{figures}\n{run.result}"
            assert abs(run.to_verdict - good.to_verdict) <= 0.02 * good.to_verdict, figures
            assert run.to_exit <= 3, figures


def test_a_broken_gateway_changes_no_exit_code_of_a_run_that_fails(mock_api, postgres, pagehaul_for):
    api = mock_api(rows=1000, faults=["404"], fault_pages=[4], fault_forever=True)
    with side_by_side(api, postgres, pagehaul_for, {}, BROKEN) as runs:
        figures = "\n".join(map(str, runs.values()))
        for run in runs.values():
            assert run.code == DATA and run.result.stdout == "" and run.failed_pushes >= 1, f"{figures}\n{run.result}"
            assert run.to_exit <= 3, figures


@pytest.fixture
def silent_name_server(tmp_path):
    """A command prefix: what it runs asks a name server that takes every question and answers none."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs the right to make a mount namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.53"
        server.bind((address, 53))  # where resolv.conf cannot name another port; an address of its own makes it free
        resolver = tmp_path / "resolv.conf"
        resolver.write_text(f"nameserver {address}\n")
        wrapper = tmp_path / "with-silent-name-server"
        wrapper.write_text(f'#!/bin/sh\nmount --bind {resolver} /etc/resolv.conf && exec "$@"\n')
        wrapper.chmod(0o755)
        yield ["unshare", "--mount", wrapper]


def test_a_name_of_the_gateway_that_never_resolves_holds_up_neither_the_api_nor_the_end(pagehaul, silent_name_server):
    """The HTTP library looks up one name at a time, for 10 s: the API's connections would wait behind it."""
    run = Timed("no name", pagehaul, "http://gateway.test:9091", prefix=silent_name_server).join()
    assert run.code == OK and run.failed_pushes >= 1, f"{run}\n{run.result}"
    assert "gateway.test" in next(line["error"] for line in run.result.log if "error" in line)
    assert run.to_verdict < 10 and run.to_exit <= 3, str(run)
