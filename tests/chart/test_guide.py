"""The examples of README and operator's guide, as they stand there: each of the chart's values is rendered, each of a pipeline file is read by the program."""

import json
import os
import re
import shlex
import subprocess

import pytest
import yaml
from conftest import CHART, IMAGE, ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "deploy").glob("*.md")), CHART / "README.md"]
VALUES = yaml.safe_load((CHART / "values.yaml").read_text()).keys()
FILE = {
    "pipeline": "creative_report",
    "source": {"base_url": "https://api.example.com", "request": {"method": "POST", "path": "/creatives", "body": {"page": "{{ page.number }}"}},
               "pagination": {"type": "page_number", "total": {"rows": "/total"}}, "records": "/creatives"},
    "sink": {"dsn": "${DATABASE_URL}", "table": "report.creative", "key": ["id"], "columns": [{"name": "id", "type": "bigint"}]},
}
# What stands around an example.
AROUND = {"image": IMAGE, "pipelines": {"creative-report": {"schedule": "@daily", "config": json.dumps(FILE)}}}
ENVIRONMENT = {"DATABASE_URL": "postgres://nobody@127.0.0.1/none", "BROKER_URL": "amqps://some:secret@rabbit.example.com/", "A_FILE": "some-secret",
               **{name: f"some-{name.lower()}" for name in ("ACCESS_TOKEN", "TOKEN", "COLLECTOR_KEY", "CLIENT_ID", "APP_SECRET")}}
# Neither ours nor something that holds values of ours.
OTHERS = {"scrape_configs": "Prometheus' own", "storage": "Prometheus' own", "apiVersion": "an object of another operator"}


def examples():
    """(page, heading, place below it, what stands there) of each block of YAML."""
    for page in PAGES:
        heading, text = "", page.read_text()
        count = {}
        for part in re.finditer(r"^#+ (?P<heading>[^\n]*)$|^```yaml\n(?P<yaml>.*?)^```$|^```\w*\n.*?^```$", text, re.M | re.S):
            if part["heading"]:
                heading = part["heading"]
            elif part["yaml"]:
                count[heading] = count.get(heading, 0) + 1
                yield page.relative_to(ROOT).as_posix(), heading, count[heading], yaml.safe_load(part["yaml"])


def values_of(held):
    """The chart's values that an example shows, by itself or within what a GitOps operator reads; None if it shows none."""
    if held.get("kind") == "HelmRelease":
        return held["spec"]["values"]
    if held.get("kind") == "Application":
        return held["spec"]["source"]["helm"]["valuesObject"]
    return held if held.keys() <= VALUES else None


EXAMPLES = list(examples())
OF_VALUES = [pytest.param(values_of(held), id=f"{page}: {heading} {place}") for page, heading, place, held in EXAMPLES if values_of(held) is not None]
OF_FILES = [pytest.param(held, id=f"{page}: {heading} {place}") for page, heading, place, held in EXAMPLES
            if values_of(held) is None and not held.keys() & OTHERS.keys()]


@pytest.fixture
def around(tmp_path):
    file = tmp_path / "around.yaml"
    file.write_text(yaml.safe_dump(AROUND))
    return file


@pytest.fixture
def guide(helm, around):
    """guide(heading, place): what the chart makes of that example, {kind: [object]}."""
    def render(heading, place=1):
        (held,) = [held for _, of, at, held in EXAMPLES if (of, at) == (heading, place)]
        kinds = {}
        for document in helm.render(around, values=values_of(held)):
            kinds.setdefault(document["kind"], []).append(document)
        return kinds
    return render


def offline(file):
    env = {**ENVIRONMENT, "PATH": os.environ["PATH"]}
    return subprocess.run([os.environ["PAGEHAUL_BINARY"], "check", "--offline", "--config", file], env=env, capture_output=True, text=True, timeout=30)


def job(kinds):
    """The specs of the CronJob, its Job and its pod, and the pod's metadata."""
    (cronjob,) = kinds["CronJob"]
    of_job = cronjob["spec"]["jobTemplate"]["spec"]
    return cronjob["spec"], of_job, of_job["template"]["spec"], of_job["template"]["metadata"]


def variables(pod):
    return {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}


def test_there_are_examples_of_both():
    assert len(OF_VALUES) > 10 and OF_FILES


@pytest.mark.parametrize("values", OF_VALUES)
def test_an_example_of_values_is_rendered_and_its_pipeline_file_is_one(helm, around, tmp_path, values):
    done = helm.template(around, values=values)
    assert done.returncode == 0, done.stderr
    for pipeline in values.get("pipelines", {}).values():
        if "config" in pipeline:
            file = tmp_path / "pipeline.yaml"
            file.write_text(pipeline["config"])
            done = offline(file)
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", OF_VALUES)
def test_kubernetes_knows_every_field_of_it(helm, tools, around, tmp_path, values):
    file = tmp_path / "rendered.yaml"
    theirs = [document for document in helm.render(around, values=values) if not document["apiVersion"].startswith(("keda.sh/", "monitoring.coreos.com/"))]
    file.write_text(yaml.safe_dump_all(theirs))
    done = subprocess.run([tools / "strict", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", OF_FILES)
def test_an_example_of_a_pipeline_file_is_read_by_the_program(part, tmp_path):
    if not part.keys() & {"pipeline", *FILE, "streams", "queue", "run", "telemetry", "ledger"}:
        part = {"source": {**FILE["source"], **part}}
    file = tmp_path / "pipeline.yaml"
    # No mounted secret is there.
    file.write_text(re.sub(r"\$\{file:[^}]*\}", "${A_FILE}", json.dumps({**FILE, **part}, ensure_ascii=False)))
    done = offline(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readmes_release_is_rendered_with_the_readmes_pipeline_file(helm, tmp_path):
    text = README.read_text()
    (tmp_path / "pipeline.yaml").write_text(re.search(r"^```yaml\n(pipeline: .*?)^```$", text, re.M | re.S)[1])
    block = text[text.index("\n## On Kubernetes\n"):]
    (command,) = [shlex.split(line) for line in block[:block.index("\n## ", 1)].replace("\\\n", " ").splitlines() if line.startswith("helm install ")]
    assert command[:4] == ["helm", "install", "reports", "helm/pagehaul"]
    done = subprocess.run([helm.binary, "template", "reports", CHART, "--kube-version", "1.34.0", *command[4:]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (cronjob,) = [document for document in yaml.safe_load_all(done.stdout) if document and document["kind"] == "CronJob"]
    assert cronjob["metadata"]["name"] == "reports-pagehaul-creative-report"


def test_openshift_gets_no_number_and_its_own_port(guide):
    kinds = guide("OpenShift")
    _, _, pod, _ = job(kinds)
    assert "runAsUser" not in pod["securityContext"] and "fsGroup" not in pod["securityContext"]
    assert {"protocol": "UDP", "port": 5353} in kinds["NetworkPolicy"][0]["spec"]["egress"][0]["ports"]


@pytest.mark.parametrize("place, key", [(1, "sidecar.istio.io/nativeSidecar"), (2, "linkerd.io/inject")], ids=["Istio", "Linkerd"])
def test_a_mesh_is_told_of_the_runs_pod(guide, place, key):
    _, _, _, metadata = job(guide("Service meshes", place))
    assert key in metadata["annotations"]
    assert metadata["labels"].get("sidecar.istio.io/inject") == ("true" if place == 1 else None)


def test_a_spot_node_is_left_in_time(guide):
    _, _, pod, _ = job(guide("Spot nodes"))
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "cloud.google.com/gke-spot": "true"}
    assert pod["terminationGracePeriodSeconds"] == 15 and variables(pod)["PAGEHAUL_GRACE"] == "14s"


def test_vaults_templates_arrive_to_the_letter_and_the_pod_has_no_token_for_kubernetes(guide):
    _, _, pod, metadata = job(guide("Secrets from operators", 3))
    assert metadata["annotations"]["vault.hashicorp.com/agent-inject-template-dsn"].startswith('{{ with secret "secret/data/')
    assert pod["automountServiceAccountToken"] is False
    named = metadata["annotations"]["vault.hashicorp.com/agent-service-account-token-volume-name"]
    assert [volume["projected"]["sources"][0]["serviceAccountToken"]["audience"] for volume in pod["volumes"] if volume["name"] == named] == ["vault"]


def test_the_secret_that_external_secrets_makes_is_the_one_that_the_pod_takes(guide):
    _, _, pod, _ = job(guide("Secrets from operators", 2))
    (theirs,) = [held for _, heading, place, held in EXAMPLES if (heading, place) == ("Secrets from operators", 1)]
    name = theirs["spec"]["target"]["name"]
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": name}}]
    assert [volume["secret"]["secretName"] for volume in pod["volumes"] if volume["name"] == "secret"] == [name]


def test_the_store_of_the_csi_driver_is_mounted_where_the_text_says(guide):
    _, _, pod, _ = job(guide("Secrets from operators", 4))
    assert {"name": "store", "mountPath": "/run/secrets/pagehaul", "readOnly": True} in pod["containers"][0]["volumeMounts"]


def test_a_teams_ledger_is_its_own_whatever_its_pipeline_file_says(guide):
    _, _, pod, _ = job(guide("The release"))
    assert "ledger.schema=ads_ledger" in variables(pod)["PAGEHAUL_SET"].splitlines()


def test_values_that_are_null_may_be_set(guide):
    cronjob, of_job, pod, _ = job(guide("Values that are null", 1))
    assert cronjob["startingDeadlineSeconds"] == 900
    assert (of_job["activeDeadlineSeconds"], of_job["ttlSecondsAfterFinished"], of_job["parallelism"], of_job.get("completions")) == (14400, 604800, 3, None)
    assert pod["hostUsers"] is False
    assert {"run.deadline=2h", "telemetry.expect_every=7d"} <= set(variables(pod)["PAGEHAUL_SET"].splitlines())


def test_null_takes_a_default_away(guide):
    cronjob, _, pod, _ = job(guide("Values that are null", 2))
    assert "startingDeadlineSeconds" not in cronjob and "nodeSelector" not in pod
    assert pod["containers"][0]["resources"]["limits"] == {"memory": "256Mi"}
    assert "run.deadline" not in variables(pod)["PAGEHAUL_SET"]
