"""What a process holds, twice a second, and whether that is steady."""

import dataclasses
import os
import pathlib
import statistics
import threading
import time

_TICKS = os.sysconf("SC_CLK_TCK")
# Of the last tenth against the second: in the first, buffers grow to their size.
GROWTH, SLOWER = 1.10, 1.15


@dataclasses.dataclass(frozen=True)
class Sample:
    at: float  # seconds
    requests: int
    cpu: float  # seconds
    rss_mib: float
    descriptors: int
    threads: int


class Sampler:
    """Takes two samples a second of the process while the context lasts. requests: a function, how many there were."""

    def __init__(self, pid, requests):
        self._process, self._requests = pathlib.Path(f"/proc/{pid}"), requests
        self.samples = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(10)

    def _loop(self):
        while not self._over.wait(0.5):
            try:
                self.samples.append(self._take())
            except (OSError, KeyError, IndexError):
                return  # it has ended

    def _take(self):
        status = dict(line.split(":", 1) for line in (self._process / "status").read_text().splitlines())
        times = (self._process / "stat").read_text().rsplit(")", 1)[1].split()
        return Sample(time.monotonic(), self._requests(), (int(times[11]) + int(times[12])) / _TICKS, int(status["VmRSS"].split()[0]) / 1024,
                      len(os.listdir(self._process / "fd")), int(status["Threads"]))


def tenth(samples, number):
    """The samples of the number-th tenth of the requests, from 1."""
    most = samples[-1].requests
    return [s for s in samples if most * (number - 1) <= s.requests * 10 <= most * number]


def judge(samples):
    """Prints each figure; returns those that are not steady. Pure but for that."""
    early, late = tenth(samples, 2), tenth(samples, 10)
    if min(len(early), len(late)) < 5:
        return [f"too few samples to judge: {len(early)} in the second tenth, {len(late)} in the last"]
    wrong = []

    def compare(what, of, limit):
        was, now = of(early), of(late)
        line = f"{what}: {was:.3g} in the second tenth, {now:.3g} in the last ({now / was:.2f}, at most {limit:.2f})"
        print(line)
        if now > was * limit:
            wrong.append(line)

    compare("memory, MiB", lambda some: statistics.median(s.rss_mib for s in some), GROWTH)
    compare("descriptors", lambda some: max(s.descriptors for s in some), GROWTH)
    compare("threads", lambda some: max(s.threads for s in some), 1.0)
    compare("ms a request", lambda some: 1000 * (some[-1].at - some[0].at) / (some[-1].requests - some[0].requests), SLOWER)
    compare("CPU us a request", lambda some: 1e6 * (some[-1].cpu - some[0].cpu) / (some[-1].requests - some[0].requests), SLOWER)
    return wrong
