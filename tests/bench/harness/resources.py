"""rss_mib, rss_growth and cpu_us_per_page: what a run costs the machine."""

from . import contenders
from .bench import Value, median
from .cgroup import limited
from .mock import Mock

LIMIT_MIB = 128
SMALL, LARGE = 100_000, 1_000_000
PAGE_SIZE = 100


def memory(bench, _keys):
    with limited(LIMIT_MIB) as (group, reason):
        if reason:
            return {"rss_mib": Value(None, note=reason), "rss_growth": Value(None, note=reason)}, []
        peaks = {rows: _peaks(bench, rows, group) for rows in (SMALL, LARGE)}
    growth = [large / small for large, small in zip(peaks[LARGE], peaks[SMALL])]
    return {"rss_mib": median(peaks[LARGE]), "rss_growth": median(growth)}, []


def _peaks(bench, rows, group):
    peaks = []
    with Mock(contenders.MOCKAPI, rows) as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn)
        for number in range(1, bench.rounds + 1):
            measured = bench.pull(contender, mock, rows, cgroup=group)
            peaks.append(measured.maxrss_kib / 1024)
            bench.say(f"  round {number}  {rows:>9,} rows  {peaks[-1]:6.1f} MiB  {rows / measured.seconds:>10,.0f} rows/s")
    return peaks


def cpu(bench, _keys):
    pages, costs = LARGE // PAGE_SIZE, []
    with Mock(contenders.MOCKAPI, LARGE) as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn)
        for number in range(1, bench.rounds + 1):
            measured = bench.pull(contender, mock, LARGE)
            costs.append(measured.cpu_us / pages)
            bench.say(f"  round {number}  {costs[-1]:6.0f} us a page ({measured.user_us / pages:.0f} user, "
                      f"{measured.system_us / pages:.0f} system), {LARGE / measured.seconds:,.0f} rows/s")
    return {"cpu_us_per_page": median(costs)}, []
