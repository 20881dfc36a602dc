"""The report API of tests/mockapi as a server of one test."""

import re
import signal
import subprocess
import urllib.parse

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
        told = {k: _flag(k, v).split("=", 1)[1] for k, v in flags.items()}
        self._post("/__set?" + urllib.parse.urlencode(told))
        self.flags.update(flags)

    def log(self, since=0):
        """The page requests so far, in order: dicts with seq, t_ms and end_ms (monotonic), page, offset, page_size,
        advertiser_id, date, auth_ok, status, code, fault, body. since: only those with a higher seq."""
        return get_json(f"{self.url}/__log?since={since}", timeout=60)

    def pages_asked(self, since=0):
        """The page numbers of log(), in the order of their arrival."""
        return [entry["page"] for entry in self.log(since)]

    def clear_log(self):
        """Forgets the log and the counters of stats()."""
        self._post("/__log/clear")

    def stats(self):
        """requests, in_flight, max_in_flight, held, connections, allowed, throttled, by_status and more."""
        return get_json(f"{self.url}/__stats")

    def wait(self, timeout=20.0, **counter):
        """Until one counter is at least so high: wait(requests=50), wait(in_flight=8) or wait(held=1)."""
        query = urllib.parse.urlencode({**counter, "timeout": f"{timeout:g}s"})
        answer = get_json(f"{self.url}/__wait?{query}", timeout=timeout + 10)
        assert answer["met"], f"not within {timeout:g} s: {counter}; {self.stats()}"

    def _post(self, path):
        status, body = request("POST", self.url + path)
        assert status == 200, f"{path}: {status} {body!r}"

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
