"""What the chart hands over is what the program takes."""

import os
import subprocess

import pytest
from conftest import IMAGE

PIPELINE = """\
pipeline: orders
source:
  base_url: https://shop.example.com
  request: {path: /v1/orders, query: {page: "{{ page.number }}"}}
  pagination: {type: page_number, size: 100, total: {rows: /total}}
  records: /orders
sink: {dsn: "postgres://nobody@127.0.0.1:1/none", table: shop.orders, key: [id], columns: [{name: id, type: bigint}]}
run: {patience: 100ms}
"""


def start(helm, tmp_path, **settings):
    """The run's container as far as a database that is not there lets it come."""
    rendered = helm.render(values={"image": IMAGE, "pipelines": {"orders": {"schedule": "@hourly", "config": PIPELINE, **settings}}})
    (template,) = [document["spec"]["jobTemplate"]["spec"]["template"] for document in rendered if document["kind"] == "CronJob"]
    (container,) = template["spec"]["containers"]
    file = tmp_path / "pipeline.yaml"
    file.write_text(template["metadata"]["annotations"]["pagehaul/config"])
    env = {variable["name"]: variable.get("value", "from-the-pod") for variable in container["env"]}
    args = [str(file) if argument.startswith("/etc/pagehaul/") else argument for argument in container["args"]]
    return subprocess.run([os.environ["PAGEHAUL_BINARY"], *args], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("seconds", "shortened"), [(6, True), (15, True), (36, True), (37, False), (45, False), (2_592_000, False)])
def test_a_grace_is_taken_and_cuts_the_drain_short_where_the_notes_say_so(helm, tmp_path, seconds, shortened):
    done = start(helm, tmp_path, terminationGracePeriodSeconds=seconds)
    assert done.returncode == 69, done.stderr
    assert ("a SIGTERM leaves less than run.drain" in done.stderr) == shortened


@pytest.mark.parametrize("word", ["wait", "skip", "fail"])
def test_each_word_for_another_run_is_taken(helm, tmp_path, word):
    done = start(helm, tmp_path, ifBusy=word)
    assert done.returncode == 69, done.stderr


def test_what_the_program_refuses_is_found(helm, tmp_path):
    done = start(helm, tmp_path, set=["run.heartbeat=soon"])
    assert done.returncode == 78, done.stderr
