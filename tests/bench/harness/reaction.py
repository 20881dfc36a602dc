"""startup_ms and sigterm_ms: how soon it begins, how soon it ends."""

from . import contenders
from .bench import median
from .mock import Mock

ROWS = 10
STARTS_A_ROUND = 5
SIGTERM_EXIT = 143


def startup(bench, _keys):
    """Exec to the first request at the API, on a ledger that exists, as every run but the first finds it."""
    times = []
    with Mock(contenders.MOCKAPI, ROWS) as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn)
        bench.pull(contender, mock, ROWS)
        for number in range(1, bench.rounds + 1):
            for _ in range(STARTS_A_ROUND):
                mock.clear()
                measured = bench.start(contender).wait()
                times.append(mock.stats()["first_ms"] - measured.start_ms)
            bench.say(f"  round {number}  " + ", ".join(f"{time:.1f}" for time in times[-STARTS_A_ROUND:]) + " ms")
        bench.verify(contender.name, ROWS)
    return {"startup_ms": median(times)}, []


def sigterm(bench, _keys):
    """SIGTERM to exit while the API owes an answer to every request; no drain."""
    times = []
    with Mock(contenders.MOCKAPI, ROWS, never=1) as mock:
        contender = contenders.pagehaul(bench.directory, mock.url, bench.cluster.dsn, run={"drain": "0s"})
        for number in range(1, bench.rounds + 1):
            bench.cluster.fresh()
            mock.clear()
            running = bench.start(contender)
            mock.wait_requests(1)
            running.terminate()
            measured = running.wait(expect=SIGTERM_EXIT)
            times.append(measured.end_ms - measured.signalled_ms)
            bench.say(f"  round {number}  {times[-1]:.1f} ms")
    return {"sigterm_ms": median(times)}, []
