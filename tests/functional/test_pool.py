"""`pagehaul work --configs`: one pool of workers for the pipelines of a folder, over one queue."""

import os
import signal

import pytest

from harness import commands
from harness.pagehaul import CONFIG, OK, SIGTERM_EXIT, USAGE
from harness.pipeline import merge, write
from harness.recovery import ROWS
from harness.waiting import eventually

pytestmark = [pytest.mark.kill_stop, pytest.mark.xdist_group("rabbitmq")]

IDLE = {"queue": {"idle": "3s"}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


class Pool:
    """A folder of configs for one queue, one table each."""

    def __init__(self, pagehaul, db, server):
        self.pagehaul, self.db, self.server = pagehaul, db, server
        self.queue = server.queue()
        pagehaul.env["BROKER_URL"] = self.queue["url"]
        pagehaul.configure(queue={**self.queue, "url": "${BROKER_URL}"}, source={"limits": {"concurrency": 2}}, run={"workers": 2})
        self.folder = pagehaul.directory / "configs"
        self.folder.mkdir()
        self.configs = {}

    def add(self, name, *changes):
        """A pipeline of the folder; its config."""
        config = merge(self.pagehaul.pipeline, {"pipeline": name, "sink": {"table": f"report.{name}"}})
        for change in (IDLE, *changes):
            config = merge(config, change)
        self.configs[name] = config
        write(self.folder / f"{name}.yaml", config)
        return config

    def plan(self, name):
        """Its planner, which waits for the run's end; returned when the run stands."""
        planner = self.pagehaul.start("enqueue", "--wait", config=self.configs[name])
        planner.wait_for_log("run started")
        return planner

    def start(self, *args):
        return self.pagehaul.start_raw("work", "--configs", self.folder, *args)

    def succeeded(self, *results):
        assert [r.code for r in results] == [OK] * len(results), "\n".join(map(str, results))
        for name in self.configs:
            assert self.rows(name) == ROWS

    def rows(self, name):
        return self.db.scalar(f"SELECT count(*) FROM report.{name}") if self.db.relation_exists(f"report.{name}") else 0


@pytest.fixture
def pool(pagehaul, db, rabbitmq):
    return Pool(pagehaul, db, rabbitmq)


def told(result, message):
    return [line for line in result.log if line["msg"] == message]


def workers(running):
    """Of the pool, that have not ended: pipeline to process."""
    there = {}
    for line in running.log:
        if line["msg"] == "a worker is started":
            there[line["pipeline"]] = line["pid"]
        elif line["msg"] == "a worker ended":
            there.pop(line["pipeline"], None)
    return there


def test_one_pool_works_for_two_pipelines_and_leaves_when_both_are_over(pool):
    for name in ("one", "two"):
        pool.add(name)
    planners = [pool.plan(name) for name in ("one", "two")]
    running = pool.start()
    pool.succeeded(*(planner.result(120) for planner in planners), running.result(120))
    started = told(running.result(), "a worker is started")
    assert {line["pipeline"] for line in started} == {"one", "two"}
    assert all(line["exit_code"] == OK for line in told(running.result(), "a worker ended"))
    eventually(lambda: pool.server.waiting(pool.queue) == 0, 20, "no message is left")


def test_the_command_of_the_page_on_queues_works_for_all_pipelines_of_the_folder(pool, pagehaul):
    for name in ("one", "two", "three"):
        pool.add(name)
    planners = [pool.plan(name) for name in ("one", "two", "three")]
    commands.run("deploy/queues.md", "One pool for many pipelines", fills={"/etc/pagehaul": str(pool.folder)}, path=[pagehaul.binary.parent], env=pagehaul.env)
    pool.succeeded(*(planner.result(120) for planner in planners))


def test_a_worker_that_is_killed_costs_nothing(pool, api):
    pool.add("one")
    planner = pool.plan("one")
    api.set(hold_after=7)
    running = pool.start()
    api.wait(held=2, timeout=60)
    os.kill(workers(running)["one"], signal.SIGKILL)
    running.wait_for_log('"a worker ended"')
    api.set(hold=False, hold_after=0)
    pool.succeeded(planner.result(120), running.result(120))
    ended = [line["exit_code"] for line in told(running.result(), "a worker ended")]
    assert ended[0] == 137 and ended[-1] == OK, ended


def test_messages_of_a_pipeline_that_no_file_names_stay_in_the_queue(pool):
    stranger = merge(pool.add("stranger"), {})
    (pool.folder / "stranger.yaml").unlink()
    pool.add("one")
    foreign = pool.pagehaul.start("enqueue", config=stranger)
    assert foreign.result().code == OK
    there = eventually(lambda: pool.server.waiting(pool.queue), 60, "the stranger's messages are there")
    planner = pool.plan("one")
    running = pool.start()
    results = [planner.result(120), running.result(120)]
    assert [r.code for r in results] == [OK, OK], "\n".join(map(str, results))
    assert pool.rows("one") == ROWS
    assert len(told(results[1], "messages of a pipeline that no file here names are in this queue: they go back")) == 1
    eventually(lambda: (pool.server.waiting(pool.queue) or 0) >= there, 20, "the stranger's messages are there")


def test_messages_of_another_ledger_stay_in_the_queue_and_start_no_worker_after_the_other(pool):
    elsewhere = merge(pool.add("one"), {"ledger": {"schema": "elsewhere"}})
    pool.pagehaul.succeed("migrate", config=pool.configs["one"])
    pool.pagehaul.succeed("enqueue", config=elsewhere)
    there = eventually(lambda: pool.server.waiting(pool.queue), 60, "the messages of the other ledger are there")
    result = pool.start().result(60)
    assert result.code == OK, str(result)
    assert 1 <= len(told(result, "a worker is started")) <= 4, str(result)
    eventually(lambda: (pool.server.waiting(pool.queue) or 0) >= there, 20, "the messages of the other ledger are there")
    pool.pagehaul.succeed("work", config=elsewhere)
    assert pool.rows("one") == ROWS


def test_a_pool_that_is_stopped_stops_its_workers_and_gives_everything_back(pool, api):
    for name in ("one", "two"):
        pool.add(name, {"run": {"drain": "1s"}})
    planners = [pool.plan(name) for name in ("one", "two")]
    api.set(hold_after=3)
    running = pool.start()
    api.wait(held=4, timeout=60)
    there = workers(running)
    running.terminate()
    result = running.result(60)
    assert result.code == SIGTERM_EXIT, str(result)
    assert {line["exit_code"] for line in told(result, "a worker ended")} == {SIGTERM_EXIT}
    assert all(not os.path.exists(f"/proc/{pid}") for pid in there.values())
    eventually(lambda: pool.db.scalar("SELECT count(*) FROM pagehaul.page WHERE state = 'leased'") == 0, 20, "no page is leased")
    eventually(lambda: pool.server.waiting(pool.queue), 20, "the messages are in the queue")
    api.set(hold=False, hold_after=0)
    again = pool.start()
    pool.succeeded(*(planner.result(120) for planner in planners), again.result(120))


def test_two_pools_of_one_folder_share_its_pipelines(pool, api):
    for name in ("one", "two"):
        pool.add(name)
    planners = [pool.plan(name) for name in ("one", "two")]
    api.set(hold_after=3)
    pools = [pool.start() for _ in range(2)]
    eventually(lambda: all(workers(running) for running in pools), 60, "both have workers")
    api.set(hold=False, hold_after=0)
    pool.succeeded(*(planner.result(120) for planner in planners), *(running.result(120) for running in pools))


def test_a_broker_that_is_started_again_is_gone_on_with_by_a_pool(pool, api):
    for name in ("one", "two"):
        pool.add(name)
    planners = [pool.plan(name) for name in ("one", "two")]
    api.set(hold_after=3)
    running = pool.start()
    api.wait(held=4, timeout=60)
    pool.server.stop()
    pool.server.start()
    api.set(hold=False, hold_after=0)
    pool.succeeded(*(planner.result(180) for planner in planners), running.result(180))


def test_workers_of_a_pool_that_is_killed_leave(pool, api):
    pool.add("one", {"run": {"drain": "1s"}})
    planner = pool.plan("one")
    api.set(hold_after=3)
    running = pool.start()
    api.wait(held=2, timeout=60)
    worker = workers(running)["one"]
    running.kill9()
    eventually(lambda: not os.path.exists(f"/proc/{worker}"), 30, "the worker has left")
    api.set(hold=False, hold_after=0)
    again = pool.start()
    pool.succeeded(planner.result(120), again.result(120))


def test_the_third_of_two_seats_does_not_wait_for_the_long_one_s_end(pool, api, mock_api):
    slow = mock_api(rows=ROWS)
    slow.set(hold_after=5)
    for name in ("long", "longer"):
        pool.add(name, {"source": {"base_url": slow.url}, "run": {"drain": "1s"}})
    pool.add("third")
    planners = {name: pool.plan(name) for name in ("long", "longer")}
    running = pool.start("--at-once", "2", "--turn", "1")
    slow.wait(held=4, timeout=60)
    third = pool.plan("third")
    assert third.result(120).code == OK, running.stderr[-6000:]
    assert pool.rows("long") < ROWS and pool.rows("longer") < ROWS
    running.wait_for_log('"a worker makes room for another pipeline"')
    slow.set(hold=False, hold_after=0)
    pool.succeeded(*(planner.result(180) for planner in planners.values()), running.result(180))


def test_a_config_that_fails_is_tried_with_pauses_and_harms_nobody(pool):
    pool.add("bad", {"source": {"auth": {"value": "${WRONG_TOKEN}"}}})
    pool.add("good")
    pool.pagehaul.env["WRONG_TOKEN"] = "not-the-token"
    planners = [pool.plan(name) for name in ("bad", "good")]
    running = pool.start()
    assert planners[1].result(120).code == OK
    assert pool.rows("good") == ROWS
    result = running.result(120)
    assert result.code == OK, str(result)
    assert len([line for line in told(result, "a worker is started") if line["pipeline"] == "bad"]) <= 6
    planners[0].terminate()
    planners[0].result()


def test_files_that_name_different_queues_are_refused(pool):
    pool.add("one")
    pool.add("two", {"queue": {"name": "another"}})
    result = pool.start().result()
    assert result.code == CONFIG and "two.yaml: queue: expected the queue of" in result.stderr, str(result)


def test_a_pipeline_without_a_broker_is_refused(pool):
    pool.add("one", {"queue": None})
    result = pool.start().result()
    assert result.code == CONFIG and "queue.type: expected a broker" in result.stderr, str(result)


def test_a_file_that_cannot_be_read_is_left_out(pool):
    pool.add("one")
    (pool.folder / "bad.yaml").write_text("pipeline: [")
    planner = pool.plan("one")
    running = pool.start()
    pool.succeeded(planner.result(120), running.result(120))
    assert "bad.yaml" in told(running.result(), "a config is left out")[0]["error"]


def test_a_folder_without_a_config_is_refused(pool):
    assert pool.start().result().code == CONFIG


def test_a_folder_and_a_file_exclude_each_other(pool, pagehaul):
    assert pagehaul.start("work", "--configs", pool.folder).result().code == USAGE
    assert pagehaul.run_raw("work").code == USAGE
