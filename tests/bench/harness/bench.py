"""What every measurement shares: the database, the launcher, the rounds and the notes of the report."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import tempfile

from . import measure
from .cluster import Cluster
from .columns import expected
from .contenders import LAUNCHER, MOCKAPI
from .mock import Mock


@dataclasses.dataclass(frozen=True)
class Value:
    """A figure of the report, or why there is none."""

    value: float | None
    rounds: tuple = ()
    note: str = ""


def median(rounds, note=""):
    return Value(statistics.median(rounds), tuple(rounds), note)


class WrongRows(SystemExit):
    """A contender that lost, doubled or changed rows is not measured."""


@dataclasses.dataclass
class Bench:
    cluster: Cluster
    rounds: int
    directory: pathlib.Path
    oracles: dict = dataclasses.field(default_factory=dict)

    def new_directory(self):
        return tempfile.mkdtemp(dir=self.directory)

    def oracle(self, rows, slices=("",)):
        """Of so many rows in each slice; a slice is an advertiser."""
        if (rows, slices) not in self.oracles:
            self.oracles[rows, slices] = expected(line for slice in slices for line in Mock.dump(MOCKAPI, rows, slice))
        return self.oracles[rows, slices]

    def start(self, contender, *, cgroup=None):
        return measure.Running(LAUNCHER, contender.argv, env=contender.env, cgroup=cgroup)

    def pull(self, contender, mock, rows, *, cgroup=None, slices=("",)):
        """From an empty table to the end of the process; its rows are compared with the oracle."""
        self.prepare(contender, mock)
        measured = self._measure(contender, cgroup=cgroup)
        self.verify(contender.name, rows, slices)
        return measured

    def prepare(self, contender, mock):
        """An empty table, an empty log of requests, and what the contender wants done before the clock starts."""
        self.cluster.fresh()
        mock.clear()
        if contender.prepare:
            subprocess.run(contender.prepare, env={**os.environ, **contender.env}, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)

    def pull_together(self, contenders, mock, rows):
        """The same by several processes of one run."""
        self.prepare(contenders[0], mock)
        for running in [self.start(contender) for contender in contenders]:
            running.wait()
        self.verify(contenders[0].name, rows)

    def _measure(self, contender, *, cgroup=None):
        before = self.cluster.cpu_us()
        measured = self.start(contender, cgroup=cgroup).wait()
        return dataclasses.replace(measured, server_us=self.cluster.cpu_us() - before)

    def pull_again(self, contender, mock, rows):
        """The same pull a night later, which finds nothing changed: (its costs, bytes of WAL)."""
        self.cluster.pass_night()
        mock.clear()
        before = self.cluster.wal_bytes()
        measured = self._measure(contender)
        wal = self.cluster.wal_bytes() - before
        self.verify(contender.name, rows)
        return measured, wal

    def verify(self, name, rows, slices=("",)):
        want, got = self.oracle(rows, slices), self.cluster.check()
        if got != want:
            raise WrongRows(f"{name} stored {got}, the API has {want}")

    def say(self, text):
        print(text, flush=True)
