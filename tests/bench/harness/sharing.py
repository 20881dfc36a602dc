"""scaling_efficiency, crowd_efficiency: what several processes of one run make of an API that is slow to answer."""

import dataclasses

from . import contenders
from .bench import median
from .mock import Mock

SIZE, LATENCY_S = 100, 0.1
SECONDS = 10  # that a measurement takes


def scaling(bench, _keys):
    """Four processes that ask for much each."""
    return {"scaling_efficiency": _of_linear(bench, many=4, in_flight=16)}, []


def crowd(bench, _keys):
    """So many processes that they, and what each asks of the ledger beside its pages, are what there is to see: each pulls 20 pages a second, and
    has three connections of the hundred that PostgreSQL has by default."""
    return {"crowd_efficiency": _of_linear(bench, many=24, in_flight=2)}, []


def _of_linear(bench, *, many, in_flight):
    """Pages a second of many processes against so many times those of one, from the first request to the last."""
    efficiencies = []
    for number in range(1, bench.rounds + 1):
        one, together = (_pages_a_second(bench, processes, in_flight) for processes in (1, many))
        efficiencies.append(together / (many * one))
        bench.say(f"  round {number}  {one:6.1f} pages/s of one process, {together:6.1f} of {many}: {efficiencies[-1]:.3f} of linear")
    return median(efficiencies)


def _pages_a_second(bench, processes, in_flight):
    pages = int(processes * in_flight / LATENCY_S * SECONDS)
    with Mock(contenders.MOCKAPI, pages * SIZE, latency=f"{LATENCY_S * 1000:g}ms") as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn, limits={"concurrency": in_flight},
                                        run={"workers": in_flight, "writers": 1})
        sharing = dataclasses.replace(contender, env={**contender.env, "PAGEHAUL_RUN_KEY": "one-job"})
        bench.pull_together([sharing] * processes, mock, pages * SIZE)
        stats = mock.stats()
    return pages / ((stats["last_ms"] - stats["first_ms"]) / 1000)
