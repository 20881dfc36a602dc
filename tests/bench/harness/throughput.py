"""ratio_vs_go_pool, ratio_vs_dlt, fraction_of_copy_wall: rows a second without API latency."""

from . import contenders
from .bench import Value, median
from .mock import Mock

ROWS = 300_000
GO_WORKERS = (5, 16)
# A peer below these shares of the wall is not what was measured once: the ratio would say nothing.
CRIPPLED = {"go_pool": 0.20, "dlt": 0.018}


def _field(bench, mock, keys):
    dsn, api = bench.cluster.dsn, mock.url
    yield contenders.pagehaul(bench.directory, api, dsn)
    if "ratio_vs_go_pool" in keys:
        for workers in GO_WORKERS:
            yield contenders.go_pool(api, dsn, workers)
    if "fraction_of_copy_wall" in keys:
        yield contenders.wall(bench.directory, api, dsn)
    if "ratio_vs_dlt" in keys:
        yield contenders.dlt(bench.new_directory(), api, dsn)


def _rates(bench, keys):
    rates = {}
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        for number in range(1, bench.rounds + 1):
            for contender in _field(bench, mock, keys):
                measured = bench.pull(contender, mock, ROWS)
                rate = ROWS / measured.seconds
                rates.setdefault(contender.name, []).append(rate)
                bench.say(f"  round {number}  {contender.name:<12} {rate:>10,.0f} rows/s  {measured.seconds:7.2f} s  "
                          f"{measured.maxrss_kib / 1024:6.1f} MiB  {measured.cpu_us / 1e6:6.2f} s CPU")
    return {name: median(values) for name, values in rates.items()}


def _ratio(over, under):
    pairs = tuple(a / b for a, b in zip(over.rounds, under.rounds))
    return Value(over.value / under.value, pairs, f"{over.value:,.0f} / {under.value:,.0f} rows/s")


def measure(bench, keys):
    """({key: Value}, [what makes the result void])."""
    rates = _rates(bench, keys)
    ours, wall, dlt = rates["pagehaul"], rates.get("wall"), rates.get("dlt")
    gos = [rates[f"go_pool_{n}"] for n in GO_WORKERS if f"go_pool_{n}" in rates]
    go = max(gos, key=lambda rate: rate.value) if gos else None
    results = {f"{name}_rows_per_s": value for name, value in rates.items()}
    if go:
        results["ratio_vs_go_pool"] = _ratio(ours, go)
    if dlt:
        results["ratio_vs_dlt"] = _ratio(ours, dlt)
    if wall:
        results["fraction_of_copy_wall"] = _ratio(ours, wall)
    problems = [f"{name} looks crippled: {peer.value / wall.value:.3f} of the wall, expected at least {CRIPPLED[name]}"
                for name, peer in (("go_pool", go), ("dlt", dlt))
                if peer and wall and peer.value / wall.value < CRIPPLED[name]]
    return results, problems
