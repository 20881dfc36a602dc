"""The mock API as the benchmark's server; the control endpoints of tests/mockapi."""

import json
import signal
import subprocess
import urllib.request

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TOKEN = "bench-token"


class Mock:
    """flags: the program's own, '_' for '-'. Leaves nothing running when used as a context."""

    def __init__(self, binary, rows, **flags):
        self._binary = binary
        flags = {"rows": rows, "token": TOKEN, "cache_mb": 1024, "prerender": 1, **flags}
        argv = [str(binary), *(f"--{name.replace('_', '-')}={value}" for name, value in flags.items())]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"mockapi did not start: {line!r}")
        self.url = line.split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, path, method="GET"):
        with _opener.open(urllib.request.Request(self.url + path, method=method), timeout=120) as answer:
            return json.loads(answer.read())

    def stats(self):
        return self._ask("/__stats")

    def log(self):
        """The page requests since the last clear(), in order."""
        return self._ask("/__log")

    def clear(self):
        self._ask("/__log/clear", "POST")

    def wait_requests(self, count, seconds=60):
        if not self._ask(f"/__wait?requests={count}&timeout={seconds}s")["met"]:
            raise SystemExit(f"no {count} requests reached the API within {seconds} s")

    @staticmethod
    def dump(binary, rows, slice=""):
        """The rows that it serves of an advertiser's slice, or of all, a line each."""
        of = [f"--advertiser-id={slice}"] if slice else []
        with subprocess.Popen([str(binary), "--dump-rows", f"--rows={rows}", *of], stdout=subprocess.PIPE, text=True,
                              encoding="utf-8") as dumping:
            yield from dumping.stdout
