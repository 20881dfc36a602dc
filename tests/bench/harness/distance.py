"""remote_fraction: what a database 1 ms away costs."""

import contextlib
import subprocess

from . import contenders
from .bench import Value, median
from .mock import Mock

ROWS = 300_000
WRITERS = 4
ROUND_TRIP_MS = 1


@contextlib.contextmanager
def _delayed(bench, round_trip_ms):
    """The database's DSN by way of measure/bench_delay.cpp."""
    port = bench.cluster.port
    process = subprocess.Popen([str(contenders.DELAY), str(port), str(round(round_trip_ms * 500))], stdout=subprocess.PIPE, text=True)
    try:
        yield bench.cluster.dsn.replace(f":{port}/", f":{process.stdout.readline().strip()}/")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def remote(bench, _keys):
    """Both through the same proxy: its own cost is not the distance's."""
    rates = {0: [], ROUND_TRIP_MS: []}
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        for number in range(1, bench.rounds + 1):
            for far, of in rates.items():
                with _delayed(bench, far) as dsn:
                    contender = contenders.pagehaul(bench.directory, mock.url, dsn, run={"writers": WRITERS})
                    measured = bench.pull(contender, mock, ROWS)
                of.append(ROWS / measured.seconds)
                bench.say(f"  round {number}  {far} ms  {of[-1]:>10,.0f} rows/s  {measured.cpu_us / 1e6:6.2f} s CPU")
    near, far = median(rates[0]), median(rates[ROUND_TRIP_MS])
    return {"remote_fraction": Value(far.value / near.value, tuple(a / b for a, b in zip(far.rounds, near.rounds)),
                                     f"{far.value:,.0f} / {near.value:,.0f} rows/s")}, []
