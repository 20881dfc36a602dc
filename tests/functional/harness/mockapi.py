"""The report API of tests/mockapi as a server of one test."""

import re
import signal
import subprocess

from .http import get_json, request
from .oracle import parse_rows
from .pipeline import TOKEN
from .process import Process

# Flags that decide which rows there are: what --dump-rows must be told too.
_ROW_FLAGS = {"rows", "seed", "bad_rows", "null_key_rows", "dup_keys", "dup_rows", "dup_across_slices", "nul", "unicode",
              "inserted", "removed"}


def _flag(name, value):
    value = {True: "1", False: "0"}.get(value, value) if isinstance(value, bool) else value
    value = ",".join(map(str, value)) if isinstance(value, (list, tuple, set)) else value
    return f"--{name.replace('_', '-')}={value}"


class MockApi:
    """flags: the program's own (`mockapi --help`), "_" for "-"; a list becomes a comma-separated value."""

    def __init__(self, binary, directory, name="mockapi", **flags):
        self._binary = binary
        self.flags = {"token": TOKEN, **flags}
        self.process = Process([binary, *(_flag(k, v) for k, v in self.flags.items())], directory=directory, name=name)
        listening = self.process.wait_for(
            lambda: re.search(r"listening on (http://\S+)", self.process.stdout), what="names its port")
        self.url = listening.group(1)

    def set(self, **flags):
        """Changes flags while it runs."""
        for key, value in flags.items():
            text = _flag(key, value).split("=", 1)[1]
            status, body = request("POST", f"{self.url}/_mock/set", body={key: text})
            assert status == 200, (status, body)
        self.flags.update(flags)

    def log(self):
        """The page requests so far, in order: a list of dicts."""
        return get_json(f"{self.url}/_mock/log")

    def stats(self):
        return get_json(f"{self.url}/_mock/stats")

    def rows(self, **flags):
        """The rows of a slice as the API has them, in its order; its own renderer, no HTTP."""
        told = {k: v for k, v in self.flags.items() if k in _ROW_FLAGS} | flags
        dumped = subprocess.run([self._binary, "--dump-rows", *(_flag(k, v) for k, v in told.items())],
                                capture_output=True, text=True, check=True)
        return parse_rows(dumped.stdout)

    def pause(self):
        """Stops answering, connections stay open (SIGSTOP)."""
        self.process.send(signal.SIGSTOP)

    def resume(self):
        self.process.send(signal.SIGCONT)

    def close(self):
        self.process.stop()
