"""latency_efficiency, cursor_efficiency, rate_limit_efficiency and shared_rate_error: how well the time is used that the API dictates."""

import dataclasses
import math

from . import contenders
from .bench import median
from .mock import Mock

PAGES, SIZE = 10_000, 100
LATENCY_S, CEILING = 0.1, 32
RATE, BURST, RATE_PAGES = 200, 10, 5_000
MAX_REFUSED = 0.005
CHAINS = tuple(str(1001 + number) for number in range(16))
CHAIN_PAGES = 50
PROCESSES, SHARED_PAGES = 16, 4_000
SETTLED_S = 3  # all have started, and have found their shares


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


def cursor(bench, _keys):
    """The bound: each chain page after page, all chains side by side, and no request for the proof, which is the last page's word."""
    rows, ideal = CHAIN_PAGES * SIZE, CHAIN_PAGES * LATENCY_S
    efficiencies = []
    with Mock(contenders.MOCKAPI, rows, latency=f"{LATENCY_S * 1000:g}ms", chain=1, total="none", prerender=0) as mock:
        config = contenders.pipeline(mock.url, bench.cluster.dsn, limits={"concurrency": len(CHAINS)}, run={"workers": len(CHAINS)})
        config["source"] |= {"pagination": {"type": "cursor", "token": "/data/next", "size": SIZE}, "slices": {"advertiser_id": list(CHAINS)}}
        config["source"]["request"]["body"] = {"page_size": "{{ page.size }}", "cursor": "{{ page.token }}", "advertiser_id": "{{ slice.advertiser_id }}"}
        contender = contenders.configured(bench.directory, "cursor", contenders.PAGEHAUL, ("run",), config, prepare=("migrate",))
        for number in range(1, bench.rounds + 1):
            measured = bench.pull(contender, mock, rows, slices=CHAINS)
            stats = mock.stats()
            efficiencies.append(ideal / measured.seconds)
            bench.say(f"  round {number}  {measured.seconds:7.2f} s, ideal {ideal:.2f} s; {stats['requests']} requests, at most "
                      f"{stats['max_in_flight']} in flight, {measured.cpu_us / stats['requests']:.0f} us CPU a page")
    return {"cursor_efficiency": median(efficiencies)}, []


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


def shared_rate(bench, _keys):
    """One run by many processes: how far the rate of all is off the one that is configured, between start and end."""
    rows = SHARED_PAGES * SIZE
    errors = []
    with Mock(contenders.MOCKAPI, rows, latency="50ms") as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn, limits={"rate": f"{RATE}/s"}, run={"writers": 1})
        for number in range(1, bench.rounds + 1):
            together = dataclasses.replace(contender, env={**contender.env, "PAGEHAUL_RUN_KEY": f"round-{number}"})
            bench.pull_together([together] * PROCESSES, mock, rows)
            arrived = sorted(entry["t_ms"] / 1000 for entry in mock.log())
            steady = [at for at in arrived if arrived[0] + SETTLED_S <= at < arrived[-1] - 1]
            rate = (len(steady) - 1) / (steady[-1] - steady[0])
            errors.append(abs(rate / RATE - 1))
            bench.say(f"  round {number}  {rate:.2f} requests a second of {PROCESSES} processes, for {steady[-1] - steady[0]:.1f} s")
    return {"shared_rate_error": median(errors)}, []
