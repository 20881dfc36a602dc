"""idle_cost: what it costs a process at work that ten others have nothing to do."""

import dataclasses
import statistics
import time

import psycopg2

from . import contenders
from .bench import Value
from .columns import DDL
from .mock import Mock

ROWS = 1_000_000
IDLE, PAIRS = 10, 5
DATABASE = "idle"
SETTLED_S = 10  # from then on their pauses are as long as they get


def cost(bench, _keys):
    """Rows a second beside ten idle processes over those without, pair by pair; who goes first alternates."""
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        contender = contenders.pagehaul(bench.new_directory(), mock.url, bench.cluster.dsn)

        def alone():
            return ROWS / bench.pull(contender, mock, ROWS).seconds

        ratios, asked = [], []
        alone()  # the machine warms up
        for pair in range(PAIRS):
            without = alone() if pair % 2 == 0 else None
            with Idlers(bench) as idlers:
                beside = alone()
                asked.append(idlers.transactions_a_second())
            without = without or alone()
            ratios.append(beside / without)
            bench.say(f"  pair {pair + 1}  {without:9.0f} rows/s alone, {beside:9.0f} beside {IDLE} idle processes: {ratios[-1]:.3f}; "
                      f"each asks the database for {asked[-1]:.1f} transactions a second")
    note = f"{statistics.median(asked):.1f} transactions a second of each idle process"
    return {"idle_cost": Value(statistics.median(ratios), tuple(ratios), note)}, []


class Idlers:
    """Ten processes of a run of another pipeline, whose only page is in the hands of an eleventh, which waits for its API. All that they share with
    the process that is measured is the server and the machine: of its own run they would take pages."""

    def __init__(self, bench):
        self._bench, self._running = bench, []
        self._mock = Mock(contenders.MOCKAPI, 1_000, hold=1)
        bench.cluster.query(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        bench.cluster.query(f"CREATE DATABASE {DATABASE}")
        dsn = bench.cluster.dsn.rpartition("/")[0] + "/" + DATABASE
        self._database = psycopg2.connect(dsn)
        self._database.autocommit = True
        self._query(DDL)
        contender = contenders.pagehaul(bench.new_directory(), self._mock.url, dsn)
        self._contender = dataclasses.replace(contender, env={**contender.env, "PAGEHAUL_RUN_KEY": "idle"})

    def __enter__(self):
        self._start()
        self._mock.wait_requests(1)
        self._count_from_here()
        time.sleep(SETTLED_S)
        self._holders = self._rate()
        for _ in range(IDLE):
            self._start()
        while self._query("SELECT count(*) FROM pagehaul.worker")[0][0] <= IDLE:
            time.sleep(0.05)
        time.sleep(SETTLED_S)
        self._count_from_here()
        return self

    def _start(self):
        self._running.append(self._bench.start(self._contender))
        while len(self._running) == 1 and not self._has_begun():
            time.sleep(0.05)

    def _has_begun(self):
        return self._query("SELECT to_regclass('pagehaul.worker') IS NOT NULL")[0][0]

    def _query(self, sql):
        with self._database.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def _transactions(self):
        # Each session's own share is a second behind at most.
        return self._query("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")[0][0]

    def _count_from_here(self):
        self._since, self._counted = time.monotonic(), self._transactions()

    def _rate(self):
        return (self._transactions() - self._counted) / (time.monotonic() - self._since)

    def transactions_a_second(self):
        """Of each idle process, without the eleventh's."""
        return (self._rate() - self._holders) / IDLE

    def __exit__(self, *_):
        for running in self._running:
            running.terminate()
        self._mock.__exit__()
        for running in self._running:
            running.wait(expect=143)
        self._database.close()
