"""Rows a second without API latency, against the peers: the first pull, and at full size a second one that finds nothing changed."""

import dataclasses

from . import contenders
from .bench import Value, median
from .mock import Mock

SMALL, LARGE = 300_000, 1_000_000
GO_WORKERS = (5, 16)
# A peer below these shares of the wall is not what was measured once: the ratio would say nothing.
CRIPPLED = {"go_pool": 0.20, "dlt": 0.018}


@dataclasses.dataclass
class Rounds:
    """What one contender's rounds took."""

    rates: list = dataclasses.field(default_factory=list)
    again_rates: list = dataclasses.field(default_factory=list)
    again_wal: list = dataclasses.field(default_factory=list)  # bytes a row

    @property
    def rate(self):
        return median(self.rates)

    @property
    def again_rate(self):
        return median(self.again_rates)


def _field(bench, mock, peers):
    """(contender, whether it pulls again)."""
    dsn, api = bench.cluster.dsn, mock.url
    yield contenders.pagehaul(bench.directory, api, dsn), True
    if "go_pool" in peers:
        for workers in GO_WORKERS:
            yield contenders.go_pool(api, dsn, workers), True
    if "wall" in peers:
        yield contenders.wall(bench.directory, api, dsn), False
    if "dlt" in peers:
        yield contenders.dlt(bench.new_directory(), api, dsn), False


def _costs(measured):
    return f"{measured.seconds:6.2f} s, CPU {measured.cpu_us / 1e6:.2f} s and {measured.server_us / 1e6:.2f} s of the server"


def _run(bench, rows, peers, again):
    results = {}
    with Mock(contenders.MOCKAPI, rows) as mock:
        for number in range(1, bench.rounds + 1):
            for contender, repeats in _field(bench, mock, peers):
                of = results.setdefault(contender.name, Rounds())
                measured = bench.pull(contender, mock, rows)
                of.rates.append(rows / measured.seconds)
                line = f"  round {number}  {contender.name:<12} {of.rates[-1]:>10,.0f} rows/s  {_costs(measured)}  {measured.maxrss_kib / 1024:6.1f} MiB"
                if again and repeats:
                    measured, wal = bench.pull_again(contender, mock, rows)
                    of.again_rates.append(rows / measured.seconds)
                    of.again_wal.append(wal / rows)
                    line += f"; again {_costs(measured)}, {wal / rows:.1f} bytes of WAL a row"
                bench.say(line)
    return results


def _ratio(over, under):
    pairs = tuple(a / b for a, b in zip(over.rounds, under.rounds))
    return Value(over.value / under.value, pairs, f"{over.value:,.0f} / {under.value:,.0f} rows/s")


def _best_go(results, rate):
    gos = [rate(results[f"go_pool_{n}"]) for n in GO_WORKERS if f"go_pool_{n}" in results]
    return max(gos, key=lambda value: value.value) if gos else None


def _first_pulls(results, suffix):
    """({key: Value}, [what makes the result void])."""
    rates = {name: of.rate for name, of in results.items()}
    ours, wall, dlt = rates["pagehaul"], rates.get("wall"), rates.get("dlt")
    go = _best_go(results, lambda of: of.rate)
    found = {f"{name}_rows_per_s{suffix}": value for name, value in rates.items()}
    if go:
        found[f"ratio_vs_go_pool{suffix}"] = _ratio(ours, go)
    if dlt:
        found["ratio_vs_dlt"] = _ratio(ours, dlt)
    if wall:
        found[f"fraction_of_copy_wall{suffix}"] = _ratio(ours, wall)
    problems = [f"{name} looks crippled: {peer.value / wall.value:.3f} of the wall, expected at least {CRIPPLED[name]}"
                for name, peer in (("go_pool", go), ("dlt", dlt))
                if peer and wall and peer.value / wall.value < CRIPPLED[name]]
    return found, problems


def small(bench, keys):
    peers = {peer for peer, key in (("go_pool", "ratio_vs_go_pool_300k"), ("wall", "fraction_of_copy_wall_300k"), ("dlt", "ratio_vs_dlt"))
             if key in keys}
    return _first_pulls(_run(bench, SMALL, peers, again=False), "_300k")


def large(bench, keys):
    peers = {peer for peer, of in (("go_pool", {"ratio_vs_go_pool", "repull_vs_go_pool"}), ("wall", {"fraction_of_copy_wall"})) if of & {*keys}}
    again = any(key.startswith("repull_") for key in keys)
    results = _run(bench, LARGE, peers, again)
    found, problems = _first_pulls(results, "")
    if again:
        ours = results["pagehaul"]
        found["repull_ratio"] = _ratio(ours.rate, ours.again_rate)
        found["repull_wal_bytes"] = median(ours.again_wal)
        if go := _best_go(results, lambda of: of.again_rate):
            found["repull_vs_go_pool"] = _ratio(ours.again_rate, go)
    return found, problems
