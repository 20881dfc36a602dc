"""The servers of one seed, each behind a proxy that may misbehave."""

import concurrent.futures
import contextlib

import audit
from harness.mockapi import MockApi
from harness.pipeline import sliced, write
from harness.pagehaul import Pagehaul
from harness.proxy import Proxy
from harness.recorder import Recorder

STALE = 1.5  # seconds, as configured below
ADVERTISERS, DAYS = ("1001", "1002"), ("2026-11-01", "2026-11-02")


def _port(url):
    return int(url.rsplit(":", 1)[1])


class World:
    """Opened for one scenario on a cluster that the seeds share, on a disk of its own where there is one. close() ends everything it
    started."""

    def __init__(self, scenario, cluster, binaries, directory, disk=None, broker=None):
        self.scenario, self.cluster, self.disk, self.broker = scenario, cluster, disk, broker
        self._directory, self._queue_probe = directory, binaries.queue_probe
        self._open = contextlib.ExitStack()
        # A server dies with the thread that started it: this one lives as long as the world.
        self._keeper = self._open.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        self._open.callback(cluster.stop)
        self.keep(cluster.start)
        self.db = cluster.create_database()
        self._open.callback(self._drop)
        audit.install(self.db)
        self.api = self._closing(MockApi(binaries.mockapi, directory, **scenario.api))
        self.recorder = self._closing(Recorder())
        self.database = self._closing(Proxy(cluster.host, cluster.port))
        self.source = self._closing(Proxy("127.0.0.1", _port(self.api.url)))
        self.gateway = self._closing(Proxy("127.0.0.1", _port(self.recorder.url)))
        self.runner = Pagehaul(binaries.pagehaul, directory)
        self._open.callback(self.runner.kill_all)
        if broker is not None:
            broker.start()
            self.queue = broker.queue()
        self.config = 0  # how often it has changed
        self._configure()
        self.clock_jumped = False

    def _closing(self, thing):
        return self._open.enter_context(contextlib.closing(thing))

    def keep(self, act, *arguments):
        self._keeper.submit(act, *arguments).result(90)

    def _drop(self):
        self.keep(self.cluster.start)
        self.db.drop()

    def _configure(self):
        # Who connects stands beside it: a config is another one where its variables hold something else.
        self.runner.env |= {"DATABASE_URL": f"postgresql://{self.database.host}:{self.database.port}/{self.db.name}",
                            "PGUSER": self.cluster.user, "PGPASSWORD": self.cluster.password}
        gateway = f"http://127.0.0.1:{self.gateway.port}"
        self.runner.configure(
            source={"base_url": f"http://127.0.0.1:{self.source.port}", "pagination": {"size": self.scenario.size},
                    "retry": {"attempts": 12, "base": "10ms", "max": "200ms"}, "limits": {"concurrency": 4},
                    "drift": {"passes": 3}, "timeout": {"connect": "1s", "request": "3s"}},
            run={"writers": self.scenario.writers, "drain": "2s", "patience": "15s", "heartbeat": "200ms", "stale": f"{int(STALE * 1000)}ms",
                 "quarantine_limit": self.scenario.quarantine_limit},
            telemetry={"pushgateway": {"url": gateway, "interval": "1s"}, "traces": {"endpoint": gateway}})
        if self.broker is not None:
            self.runner.env |= self.broker.env
            self.runner.configure(queue={**self.queue, "idle": "3s", "ahead": self.scenario.ahead})
        self.runner.configure(source=self.scenario.kind.source)
        if self.scenario.slices:
            self.runner.configure(self.scenario.kind.sliced(sliced(ADVERTISERS, DAYS[0], DAYS[-1])))
            # Which rows are a slice's, where a mode asks for that.
            parameters = {"advertiser_id", "date"} if self.scenario.mode == "replace_slice" else set()
            self.runner.configure(sink={"columns": [
                {**column, "from": f"/{column['name']}", "value": f"{{{{ slice.{column['name']} }}}}"} if column["name"] in parameters else column
                for column in self.runner.pipeline["sink"]["columns"]]})
        self.runner.configure(sink={"mode": self.scenario.mode})
        self._write_config()

    def _write_config(self):
        """At once: a process that starts meanwhile would else read it half written."""
        half = self.runner.config_path.with_suffix(".half")
        write(half, self.runner.pipeline)
        half.replace(self.runner.config_path)

    def ask_otherwise(self):
        """From now on the config is another one, so that whoever starts pulls in a run of its own."""
        self.config += 1
        self.runner.configure(source={"request": {"headers": {"X-Asked-As": str(self.config)}}})
        self._write_config()

    def start(self, key, fault="", fresh=False, role=None, verb="run"):
        """A process that pulls, or lets pull, under this run key; as another `role` (name, password). A Job keeps its config: behind a
        change of it every key is another one."""
        env = {"PAGEHAUL_RUN_KEY": f"{key}.{self.config}"} | ({"PAGEHAUL_FAULT": fault} if fault else {})
        env |= dict(zip(("PGUSER", "PGPASSWORD"), role)) if role else {}
        options = ["--wait"] if verb == "enqueue" else ["--fresh"] if fresh and verb == "run" else []
        return self.runner.start_raw(verb, "-c", self.runner.config_path, *options, env=env)

    def hands_on(self):
        """Somebody else who reads and writes the queue: a QueueProbe."""
        return self.broker.hands_on(self._queue_probe, self._directory, self.queue)

    @property
    def slices(self):
        """The parameters of each slice, as the oracle wants them."""
        if not self.scenario.slices:
            return ({},)
        return tuple({"advertiser_id": a, "date": d} for a in ADVERTISERS for d in DAYS)

    def close(self):
        self._open.close()
