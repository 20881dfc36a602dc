"""The operator's guide, command by command. tests/tree sees to it that none is left out."""

import json
import shutil

import pytest

from harness.collector import Collector
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import DATA, OK, SIGTERM_EXIT
from harness.pipeline import TABLE, TOKEN, sliced
from harness.recovery import assert_complete, run_state
from kube.midway import FEW, drain, wait_midway

DSN = "postgres://puller:…@db.example.com/reports?sslmode=verify-full"
QUEUE_DSN = "postgres://queue_reader:…@db.example.com/reports?sslmode=require"
GATEWAY = "http://pushgateway.monitoring:9091"
# What stands where the guide repeats no arguments.
AS_ABOVE = "--values values.yaml --set-file pipelines.creative-report.config=pipeline.yaml"


@pytest.fixture
def collector():
    receiver = Collector()
    yield receiver
    receiver.close()


@pytest.fixture
def installed(release, namespace, db, api):
    """The release, and a run that has succeeded."""
    release.install()
    assert pulled(namespace, release) == OK
    return release


def pulled(namespace, release, name="first"):
    """A run by hand; its exit code."""
    namespace.create_job(release.cronjob, name)
    namespace.wait(lambda: namespace.job_ended(name), 90, f"{name} ends")
    return namespace.pods(name)[-1].exit_code()


def schedule_is_suspended(namespace, release):
    return namespace.kubectl("get", "cronjob", release.cronjob, "--output=jsonpath={.spec.suspend}").stdout == "true"


def test_install(guide, release, namespace, db, api):
    release.set(secret={"values": None, "existingSecret": "creative-report"}).write()
    said = guide.run("Install", fills={"ACCESS_TOKEN=…": f"ACCESS_TOKEN={TOKEN}", DSN: db.dsn}).stdout
    assert "Phase:          Succeeded" in said
    checked = guide.run("Install", 2).stdout
    assert "ok    ledger" in checked and db.query("SELECT * FROM pagehaul.run") == []

    assert pulled(namespace, release) == OK
    assert_complete(db, api)


def test_names(guide, installed):
    (_, line) = guide.run("Names").stdout.splitlines()
    assert line.split()[0] == installed.cronjob and line.split()[-2:] == [installed.pipeline, "creative_report"]


def test_upgrade_and_remove(guide, installed, namespace, db, api):
    installed.configure(sink={"table": "report.later"}).write()
    guide.run("Upgrade")
    assert pulled(namespace, installed, "later") == OK
    assert_table_equals_oracle(db, api, table="report.later")

    guide.run("Remove")
    assert namespace.kubectl("get", "cronjobs", "--output=name").stdout == ""
    assert db.relation_exists(TABLE)


def test_run_by_hand(guide, release, namespace, db, api):
    release.install()
    assert '"msg":"summary"' in guide.run("Run by hand").stdout
    namespace.wait_job("creative-now", "Complete")
    assert_complete(db, api)
    assert '"verdict":"succeeded"' in guide.run("Read the termination message").stdout


def test_back_fill(guide, release, namespace, db, api):
    """Of one whose file names a day that is not in October."""
    api.set(rows=150)
    release.configure(sliced(advertisers=("1001",), date_from="2026-11-30", date_to="2026-11-30")).install()
    assert '"msg":"summary"' in guide.run("Back-fill").stdout
    namespace.wait_job("creative-october", "Complete")

    days = [day for day, in db.query("SELECT DISTINCT params::json->>'date' FROM pagehaul.slice ORDER BY 1")]
    assert (days[0], days[-1], len(days)) == ("2026-10-01", "2026-10-31", 31)
    assert run_state(db) == "succeeded"


def test_more_pods(guide, installed, namespace, db):
    guide.run("More pods", fills={QUEUE_DSN: db.dsn, "…": f"--namespace {namespace.name} {AS_ABOVE}"})
    assert namespace.kubectl("get", "scaledjobs", "--output=name").stdout.split() == [f"scaledjob.keda.sh/{installed.cronjob}-work"]


def test_pause_the_schedule(guide, installed, namespace):
    guide.run("Pause the schedule")
    assert schedule_is_suspended(namespace, installed)
    # Until the next upgrade, says the guide.
    installed.upgrade()
    assert not schedule_is_suspended(namespace, installed)
    guide.run("Pause beyond an upgrade")
    assert schedule_is_suspended(namespace, installed)


def test_stop_a_running_job_and_let_it_go_on(guide, release, namespace, db, api):
    api.set(hold_after=12)
    release.configure(FEW).install()
    namespace.create_job(release.cronjob, "creative-now")
    wait_midway(namespace, api, db)

    guide.run("Stop a running Job")
    drain(api, db)
    assert namespace.wait_exit("creative-now").exit_code() == SIGTERM_EXIT
    assert namespace.job_ended("creative-now") is None
    guide.run("Let a stopped Job go on")
    namespace.wait_job("creative-now", "Complete")
    assert_complete(db, api)


def test_retry_what_was_refused(guide, release, namespace, db, api):
    api.set(faults=["404"], fault_pages=[4], fault_forever=True)
    release.install()
    assert pulled(namespace, release) == DATA

    api.set(fault_pages=[])
    assert '"msg":"summary"' in guide.run("Retry what was refused").stdout
    namespace.wait_job("creative-retry", "Complete")
    assert_table_equals_oracle(db, api)


def test_give_up_what_nobody_can_pull(guide, release, namespace, db, api):
    """A day that was refused, and that the file asks for no more."""
    api.set(rows=150, faults=["404"], fault_pages=[2], fault_forever=True)
    day = {"source": {"slices": {"date": {"from": "2026-10-01", "to": "2026-10-01", "step": "1d"}},
                      "request": {"body": {"start_date": "{{ slice.date }}", "end_date": "{{ slice.date }}"}}}}
    release.configure(day).install()
    assert pulled(namespace, release) == DATA
    release.configure({"source": {"slices": {"date": {"from": "2026-11-01", "to": "2026-11-01"}}}}).upgrade()

    guide.run("Give up what nobody can pull")
    namespace.wait_job("creative-abandon", "Complete")
    assert db.scalar("SELECT abandoned FROM pagehaul.slice WHERE key = 'date=2026-10-01'").startswith("the API deleted that day")


def test_look_into_the_ledger(guide, installed):
    said = guide.run("Look into the ledger").stdout
    assert "run 1" in said and "succeeded" in said


def test_see_last_nights_run(guide, installed, db):
    page = guide.folder / "last-night.html"
    guide.run("See last night's run", env={"DATABASE_URL": db.dsn, "ACCESS_TOKEN": "any"})
    assert "creative_report" in page.read_text(encoding="utf-8")
    page.unlink()

    guide.run("See last night's run", 2)
    assert page.read_text(encoding="utf-8").startswith("<!") and "creative_report" in page.read_text(encoding="utf-8")


def test_what_is_by_hand_and_no_run_is_no_success_of_the_schedule(guide, installed, namespace):
    """Kubernetes would take it for one, and nobody hear of a night that was missed."""
    succeeded = lambda: namespace.kubectl("get", "cronjob", installed.cronjob, "--output=jsonpath={.status.lastSuccessfulTime}").stdout
    before = namespace.wait(succeeded, 30, "the run by hand counts")
    guide.run("Look into the ledger")
    assert succeeded() == before


def test_the_group_of_a_pipeline_that_is_gone(guide, release, namespace, pushgateway):
    release.configure(telemetry={"pushgateway": {"url": pushgateway.url}}).install()
    assert pulled(namespace, release) == OK
    assert len(pushgateway.groups()) == 1

    # Nobody scrapes here whom it would wait for.
    guide.run("Watch", fills={GATEWAY: pushgateway.url, "namespace/data": f"namespace/{namespace.name}", "sleep 60": "sleep 0"})
    assert pushgateway.groups() == []


def test_a_pipeline_that_is_gone_and_was_told_of_by_otlp(guide, collector):
    guide.run("Watch", 2, fills={"http://prometheus.monitoring:9090/api/v1/otlp": collector.url})
    ((path, _, body),) = collector.pushed
    (group,) = json.loads(body)["resourceMetrics"]
    (metric,) = group["scopeMetrics"][0]["metrics"]
    (point,) = metric["gauge"]["dataPoints"]
    assert (path, metric["name"], point["asDouble"]) == ("/v1/metrics", "pagehaul_retired", 1)
    assert {label["key"]: label["value"]["stringValue"] for label in point["attributes"]} == {"namespace": "data", "pipeline": "creative_report"}


def test_rules_and_dashboards_that_name_ones_own_guide(guide):
    deploy = guide.folder / "deploy"
    for path in (deploy / "prometheus" / "rules.yaml", *(deploy / "grafana").glob("*.json")):
        shutil.copy(path, guide.folder)
    said = guide.run("Watch", 3, fills={"git.example.com": "git.example.net", "wiki.example.com": "wiki.example.net"})
    assert "SUCCESS" in said.stdout


def test_from_an_alert_to_the_pods(guide, installed, namespace):
    said = guide.run("Watch", 4).stdout
    assert f"cronjob.batch/{installed.cronjob}" in said and namespace.name in said and "pod/" in said
