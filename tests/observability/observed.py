"""Five pipelines of two namespaces, watched by a real Prometheus through a real Pushgateway: one for each way in which a run can go, one of them still at
work, and one name in both namespaces. What Kubernetes would tell of their CronJobs is made up."""

import dataclasses
import datetime
import time

from kube_state import exposed

from harness.http import request
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

    namespace: str
    name: str
    code: int            # with which it must end; None: it is still at work when the others have ended
    api: dict            # flags of its mock API
    changes: dict        # of its pipeline file
    last_day: int = -1   # of its slices, counted from today
    days: int = 2
    proves_a_day: bool = True
    brokered: bool = False  # its page jobs go over a broker
    streamed: bool = False  # its config has a stream

    @property
    def key(self):
        return self.namespace, self.name

    @property
    def cronjob(self):
        return f"pagehaul-{self.name}"

    @property
    def job(self):
        """What became of the Job that Kubernetes would have made of it."""
        return {OK: "complete", None: "active"}.get(self.code, "failed")


# Slow enough that Prometheus sees them at work: 20 pages and their proofs at 8 a second. The first push is at once, the next after a second.
RUNS = (
    Run("shop", "orders", OK, {"faults": ["429", "503"], "fault_pages": [2, 3]}, {"run": {"deadline": "1m"}, "telemetry": {"expect_every": "1d"}},
        brokered=True),
    # Quarantined rows are within the limit: it succeeds. Its data is old, and it is expected every second.
    Run("ads", "creatives", OK, {"bad_rows": [7]}, {"run": {"deadline": "1m", "quarantine_limit": 1}, "telemetry": {"expect_every": "1s"}}, last_day=-9,
        streamed=True),
    Run("ads", "orders", DATA, {"faults": ["404"], "fault_pages": [4], "fault_forever": True}, {"run": {"deadline": "1m"}}, proves_a_day=False),
    Run("ads", "slow", INCOMPLETE, {"hold_after": 6}, {"run": {"deadline": "4s", "drain": "500ms"}}, proves_a_day=False),
    # 600 pages at 4 a second.
    Run("shop", "stock", None, {}, {"run": {"deadline": "10m"}, "source": {"limits": {"rate": "4/s"}}}, days=60, proves_a_day=False),
)
HEALTHY, OVERDUE, FAILING, SLOW, AT_WORK = RUNS
SUCCEEDED = {run.key for run in RUNS if run.code == OK}
ENDED = {run.key for run in RUNS if run.code is not None}
# A CronJob that pushes nothing.
NOT_WATCHED = ("ads", "pagehaul-forgotten")
# Of the runs above, once they have ended; each waits for its `for`. (alert, namespace, pipeline)
ALERTS = {("PagehaulNotSucceeding", *OVERDUE.key), ("PagehaulRowsQuarantined", *OVERDUE.key), ("PagehaulSourceLagging", *OVERDUE.key),
          ("PagehaulNeverSucceeded", *FAILING.key), ("PagehaulIncomplete", *FAILING.key),
          ("PagehaulNeverSucceeded", *SLOW.key), ("PagehaulIncomplete", *SLOW.key), ("PagehaulSlow", *SLOW.key), ("PagehaulNoWorkers", *SLOW.key),
          ("PagehaulNeverSucceeded", *AT_WORK.key),
          # Kubernetes tells of these two, which know no pipeline.
          ("PagehaulJobFailed", "ads", None)}


class Observed:
    """Does all runs side by side; afterwards Prometheus holds what it saw between `began` and `ended`, and the last one goes on until close()."""

    def __init__(self, directory, cluster, pagehaul, mockapi, rules):
        self._servers = []
        self.pushgateway = self._keep(Pushgateway(directory))
        self.prometheus = self._keep(Prometheus(directory, self.pushgateway.url, rules))
        # It looks for its targets up to five seconds after its start; what came and went before, it would not have seen.
        eventually(lambda: self.prometheus.query("up"), what="Prometheus scrapes the Pushgateway")
        sqs = self._keep(ElasticMQ())
        self.began = time.time()
        self._tell_of_kubernetes(cpu=1)
        started = [(run, *self._start(directory, cluster, pagehaul, mockapi, sqs, run)) for run in RUNS]
        self.results = {run.key: process.result() for run, _, process in started if run.code is not None}
        ((self.at_work, process),) = [(runner, process) for run, runner, process in started if run.code is None]
        self._tell_of_kubernetes(cpu=2)
        self.problems = "\n".join(filter(None, (runner.problems() for run, runner, _ in started if run.code is not None)))
        eventually(self._all_is_scraped, what="Prometheus has scraped the last push of each run")
        scraped = time.time()
        eventually(lambda: self.prometheus.query(f"timestamp(pagehaul:pipelines) > {scraped}"), what="the rules hold what it told")
        self.ended = time.time()
        assert process.running, "600 pages were over before the other runs"

    def _start(self, directory, cluster, pagehaul, mockapi, sqs, run):
        (own := directory / f"{run.namespace}-{run.name}").mkdir()
        api = self._keep(MockApi(mockapi, own, rows=500, latency="20ms", **run.api))
        runner = Pagehaul(pagehaul, own, api, cluster.create_database())
        last = datetime.date.today() + run.last_day * DAY
        labels = {"cluster": "eu", "namespace": run.namespace, "cronjob": run.cronjob}
        runner.configure(sliced(advertisers=("1001", "1002"), date_from=str(last - (run.days - 1) * DAY), date_to=str(last)), {"source": {"limits": {"rate": "8/s"}}},
                         run.changes, pipeline=run.name, telemetry={"labels": labels, "pushgateway": {"url": self.pushgateway.url, "interval": "1s"}})
        if run.streamed:
            runner.pipeline = in_a_stream(runner.pipeline, "creatives")
        if run.brokered:
            runner.env.update(sqs.env)
            runner.configure(queue=sqs.queue())
        return runner, runner.start(prefix=LIMITED)

    def _tell_of_kubernetes(self, cpu):
        """Twice, with other counts: what is a rate needs two."""
        cronjobs = [(run.namespace, run.cronjob, run.job) for run in RUNS] + [(*NOT_WATCHED, "complete")]
        told, _ = request("POST", f"{self.pushgateway.url}/metrics/job/kubernetes", body=exposed(cronjobs, self.began, cpu))[:2]
        assert told == 200

    def _keep(self, server):
        self._servers.append(server)
        return server

    def _all_is_scraped(self):
        rests = ENDED | {(None, None)}  # what Kubernetes tells is of no pipeline

        def at_rest(found):
            return {key: at for labels, at in found if (key := (labels.get("namespace"), labels.get("pipeline"))) in rests}

        pushed = at_rest((dict(labels), at) for labels, at in self.pushgateway.metric("push_time_seconds").items())
        return pushed.keys() == rests and at_rest(self.prometheus.query("push_time_seconds")) == pushed

    def close(self):
        self.at_work.kill_all()
        for server in reversed(self._servers):
            server.close()
