"""Four pipelines of one day's work, watched by a real Prometheus through a real Pushgateway: one for each way in which a run can go."""

import dataclasses
import datetime
import time

from harness.mockapi import MockApi
from harness.pagehaul import DATA, INCOMPLETE, OK, Pagehaul
from harness.pipeline import in_a_stream, sliced
from harness.prometheus import Prometheus
from harness.pushgateway import Pushgateway
from harness.sqs import ElasticMQ
from harness.waiting import eventually

DAY = datetime.timedelta(days=1)
# A limit for the memory to be shown against, wherever the tests run.
LIMITED = ["prlimit", f"--as={4 * 1024**3}"]


@dataclasses.dataclass(frozen=True)
class Run:
    """A pipeline of this name, run once."""

    name: str
    code: int            # with which it must end
    api: dict            # flags of its mock API
    changes: dict        # of its pipeline file
    last_day: int = -1   # of its slices, counted from today
    proves_a_day: bool = True
    brokered: bool = False  # its page jobs go over a broker
    streamed: bool = False  # its config has a stream


# Slow enough that Prometheus sees them at work: 20 pages and their proofs at 8 a second. The first push is at once, the next after a second.
RUNS = (
    Run("good", OK, {"faults": ["429", "503"], "fault_pages": [2, 3]}, {"run": {"deadline": "1m"}, "telemetry": {"expect_every": "1d"}},
        brokered=True),
    # Quarantined rows are within the limit: it succeeds. Its data is old, and it is expected every second.
    Run("quarantining", OK, {"bad_rows": [7]}, {"run": {"deadline": "1m", "quarantine_limit": 1}, "telemetry": {"expect_every": "1s"}}, last_day=-9,
        streamed=True),
    Run("failing", DATA, {"faults": ["404"], "fault_pages": [4], "fault_forever": True}, {"run": {"deadline": "1m"}}, proves_a_day=False),
    Run("slow", INCOMPLETE, {"hold_after": 6}, {"run": {"deadline": "4s", "drain": "500ms"}}, proves_a_day=False),
)
NAMES = {run.name for run in RUNS}
SUCCEEDED = {run.name for run in RUNS if run.code == OK}
BROKERED = {run.name for run in RUNS if run.brokered}
STREAMED = {run.name for run in RUNS if run.streamed}
WITH_A_WATERMARK = {run.name for run in RUNS if run.proves_a_day}
# Of the runs above, once they have ended; each waits for its `for`.
ALERTS = {("PagehaulNotSucceeding", "quarantining"), ("PagehaulRowsQuarantined", "quarantining"), ("PagehaulSourceLagging", "quarantining"),
          ("PagehaulNeverSucceeded", "failing"), ("PagehaulIncomplete", "failing"),
          ("PagehaulNeverSucceeded", "slow"), ("PagehaulIncomplete", "slow"), ("PagehaulSlow", "slow"),
          ("PagehaulNoWorkers", "slow")}


class Observed:
    """Does all four runs side by side; afterwards Prometheus holds what it saw between `began` and `ended`."""

    def __init__(self, directory, cluster, pagehaul, mockapi, rules):
        self._servers = []
        self.pushgateway = self._keep(Pushgateway(directory))
        self.prometheus = self._keep(Prometheus(directory, self.pushgateway.url, rules))
        # It looks for its targets up to five seconds after its start; what came and went before, it would not have seen.
        eventually(lambda: self.prometheus.query("up"), what="Prometheus scrapes the Pushgateway")
        sqs = self._keep(ElasticMQ())
        self.began = time.time()
        started = []
        for run in RUNS:
            (own := directory / run.name).mkdir()
            api = self._keep(MockApi(mockapi, own, rows=500, latency="20ms", **run.api))
            runner = Pagehaul(pagehaul, own, api, cluster.create_database())
            last = datetime.date.today() + run.last_day * DAY
            runner.configure(sliced(advertisers=("1001", "1002"), date_from=str(last - DAY), date_to=str(last)), run.changes, pipeline=run.name,
                             source={"limits": {"rate": "8/s"}}, telemetry={"pushgateway": {"url": self.pushgateway.url, "interval": "1s"}})
            if run.streamed:
                runner.pipeline = in_a_stream(runner.pipeline, "creatives")
            if run.brokered:
                runner.env.update(sqs.env)
                runner.configure(queue=sqs.queue())
            started.append((run, runner, runner.start(prefix=LIMITED)))
        self.results = {run.name: process.result() for run, _, process in started}
        self.problems = "\n".join(filter(None, (runner.problems() for _, runner, _ in started)))
        eventually(self._all_is_scraped, what="Prometheus has scraped the last push of each run")
        self.ended = time.time()

    def _keep(self, server):
        self._servers.append(server)
        return server

    def _all_is_scraped(self):
        pushed = {dict(labels)["pipeline"]: at for labels, at in self.pushgateway.metric("push_time_seconds").items()}
        scraped = {labels["pipeline"]: at for labels, at in self.prometheus.query("push_time_seconds")}
        return pushed.keys() == NAMES and scraped == pushed

    def close(self):
        for server in reversed(self._servers):
            server.close()
