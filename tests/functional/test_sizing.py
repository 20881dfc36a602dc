"""The binary in a real container with real limits: it sizes itself by the cgroup, never by the host."""

import json

import pytest

pytestmark = pytest.mark.container


@pytest.fixture
def start_line(containers, pagehaul_binary, pagehaul, tmp_path):
    """A function: the start line of a run under these limits. The run ends at once: its API is nobody, its patience 1 s."""
    root = containers.make_root(pagehaul_binary, tmp_path / "root")
    pagehaul.configure(run={"patience": "1s"}, source={"limits": {"body": "1MiB"}})

    def start(**limits):
        (root / "pipeline.yaml").write_text(json.dumps(pagehaul.pipeline))
        env = {"ACCESS_TOKEN": "some-token", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
        shown = containers.run(root, ["/pagehaul", "run", "-c", "/pipeline.yaml"], network="none", env=env, **limits)
        line = json.loads(shown.stderr.splitlines()[0])
        assert line["msg"] == "start" and shown.returncode == 69, shown.stderr
        return line

    return start


def test_half_a_core_and_128_mib_are_what_it_reads_and_what_it_sizes_by(start_line):
    told = start_line(cpus=0.5, memory="128m")
    assert (float(told["cpu_quota"]), float(told["cpus"]), int(told["memory_limit"])) == (0.5, 0.5, 128 << 20)
    assert (int(told["memory"]), told["memory_from"]) == (128 << 20, told["memory_from"])
    assert (int(told["fetch_workers"]), int(told["writers"])) == (32, 1)
    assert int(told["byte_budget"]) < 64 << 20


def test_more_of_both_gives_more_workers_and_bytes(start_line):
    small, large = start_line(cpus=0.5, memory="64m"), start_line(cpus=1.5, memory="512m")
    assert (float(large["cpus"]), int(large["memory"])) == (1.5, 512 << 20)
    assert int(small["fetch_workers"]) < int(large["fetch_workers"]) == 96
    assert (int(small["writers"]), int(large["writers"])) == (1, 2)
    assert int(small["byte_budget"]) < int(large["byte_budget"])
