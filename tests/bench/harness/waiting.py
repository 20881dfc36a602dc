"""latency_efficiency and rate_limit_efficiency: how well the time is used that the API dictates."""

import math

from . import contenders
from .bench import median
from .mock import Mock

PAGES, SIZE = 10_000, 100
LATENCY_S, CEILING = 0.1, 32
RATE, BURST, RATE_PAGES = 200, 10, 5_000
MAX_REFUSED = 0.005


def latency(bench, _keys):
    """The bound: page 1 and the proof alone, the rest 32 at a time, nothing but latency."""
    rows = PAGES * SIZE
    ideal = (2 + math.ceil((PAGES - 1) / CEILING)) * LATENCY_S
    efficiencies = []
    with Mock(contenders.MOCKAPI, rows, latency=f"{LATENCY_S * 1000:g}ms") as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn, limits={"ceiling": CEILING},
                                        run={"workers": CEILING})
        for number in range(1, bench.rounds + 1):
            measured = bench.pull(contender, mock, rows)
            efficiencies.append(ideal / measured.seconds)
            bench.say(f"  round {number}  {measured.seconds:7.2f} s, ideal {ideal:.2f} s; at most "
                      f"{mock.stats()['max_in_flight']} in flight, {measured.cpu_us / PAGES:.0f} us CPU a page")
    return {"latency_efficiency": median(efficiencies)}, []


def rate_limit(bench, _keys):
    rows = RATE_PAGES * SIZE
    efficiencies, problems = [], []
    with Mock(contenders.MOCKAPI, rows, ratelimit=f"{RATE}/s", ratelimit_burst=BURST) as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn, limits={"rate": f"{RATE}/s"})
        for number in range(1, bench.rounds + 1):
            bench.pull(contender, mock, rows)
            stats = mock.stats()
            seconds = (stats["last_ms"] - stats["first_ms"]) / 1000
            efficiencies.append(stats["allowed"] / (BURST + RATE * seconds))
            refused = stats["throttled"] / stats["requests"]
            if refused > MAX_REFUSED:
                problems.append(f"rate limit, round {number}: {refused:.2%} of the requests got 429, at most {MAX_REFUSED:.1%}")
            bench.say(f"  round {number}  {stats['allowed']} requests in {seconds:.2f} s, {stats['throttled']} x 429")
            mock.clear()
    return {"rate_limit_efficiency": median(efficiencies)}, problems
