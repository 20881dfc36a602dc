"""telemetry_cpu_ratio: what it costs to be watched."""

import statistics

from . import contenders
from .bench import Value
from .mock import Mock
from .sink import Sink

ROWS, PAGE_SIZE = 500_000, 100
PAIRS = 10
EVERY_OTHER = 2  # so often a run with full sampling follows a pair
SAMPLING = 0.05


def _watched(sink, sampling):
    """Pushes fifteen times as often as by default: in a run of seconds there would be but the last one."""
    return {"pushgateway": {"url": sink.url, "interval": "1s"}, "traces": {"endpoint": sink.url, "sampling": sampling}}


def cpu(bench, _keys):
    """CPU a page, with over without, pair by pair; who goes first alternates."""
    pages = ROWS // PAGE_SIZE
    with Mock(contenders.MOCKAPI, ROWS) as mock, Sink() as sink:
        def contender(telemetry):
            return contenders.pagehaul(bench.new_directory(), mock.url, bench.cluster.dsn, telemetry=telemetry)

        off, on, full = contender({}), contender(_watched(sink, SAMPLING)), contender(_watched(sink, 1))

        def cost(of):
            measured = bench.pull(of, mock, ROWS)
            lost = [line for line in measured.stderr.splitlines() if "spans were lost" in line or "could not be" in line]
            if lost:
                problems.append(f"telemetry: {lost[0]}")
            return measured.cpu_us / pages

        ratios, fulls, problems = [], [], []
        cost(off)  # the machine warms up
        for pair in range(PAIRS):
            if pair % 2 == 0:
                without, watched = cost(off), cost(on)
            else:
                watched, without = cost(on), cost(off)
            ratios.append(watched / without)
            line = f"  pair {pair + 1:>2}  {without:6.0f} us a page without, {watched:6.0f} with: {ratios[-1]:.3f}"
            if pair % EVERY_OTHER == 0:
                fulls.append(cost(full) / without)
                line += f"; with full sampling {fulls[-1]:.3f}"
            bench.say(line)
    note = f"with full sampling {statistics.median(fulls):.3f}"
    return {"telemetry_cpu_ratio": Value(statistics.median(ratios), tuple(ratios), note),
            "telemetry_full_sampling_cpu_ratio": Value(statistics.median(fulls), tuple(fulls))}, problems
