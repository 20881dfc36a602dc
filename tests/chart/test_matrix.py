"""Every feature on every Kubernetes that the chart claims. What is rendered stays in build/chart, for a dry run against a real API server."""

import json
import os
import pathlib
import re
import subprocess

import pytest
import schema
import yaml
from conftest import CHART, CI_VALUES, IMAGE, ROOT, feature

# Helm renders for each of them; its schema is that of its last patch in tools/kubernetes.txt.
KUBERNETES = [f"1.{minor}.0" for minor in range(29, 38)]
RENDERED = ROOT / "build" / "chart"
LIMITS = {"CronJob": 52, "Pod": 63, "ConfigMap": 253, "Secret": 253, "ServiceAccount": 253, "NetworkPolicy": 253, "PrometheusRule": 253,
          # Of its Jobs KEDA makes names with five characters more.
          "ScaledJob": 57, "TriggerAuthentication": 253}


def pod_specs(documents):
    for document in documents:
        if document["kind"] == "CronJob":
            yield document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif document["kind"] == "ScaledJob":
            yield document["spec"]["jobTargetRef"]["template"]["spec"]
        elif document["kind"] == "Pod":
            yield document["spec"]


@pytest.mark.parametrize("kube", KUBERNETES)
@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_every_feature_is_rendered(helm, values, kube):
    done = helm.template(values, kube=kube)
    assert done.returncode == 0, done.stderr
    folder = RENDERED / kube
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{feature(values)}.yaml").write_text(done.stdout)
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(names) == len(set(names))
    assert all(len(name) <= LIMITS[kind] for kind, name in names)
    unknown = [fault for document in documents if schema.is_kubernetes(document) for fault in schema.wrong(document, kube.removesuffix(".0"))]
    needs = re.search(r"^# .*Needs Kubernetes (1\.\d+)\.", values.read_text(), re.M)
    assert bool(unknown) == (needs is not None and KUBERNETES.index(kube) < KUBERNETES.index(f"{needs[1]}.0")), unknown


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_every_feature_is_the_same_to_helm_4(helm, helm4, values):
    assert helm4.render(values) == helm.render(values)


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_no_feature_depends_on_the_kubernetes_that_renders_it(helm, values):
    """Or Argo CD, which asks another one, would show a difference that there is not."""
    assert helm.template(values, kube=KUBERNETES[0]).stdout == helm.template(values, kube=KUBERNETES[-1]).stdout


def test_the_schemas_are_those_of_all_these_kubernetes(tools):
    assert [f"{version}.0" for version in schema.versions()] == KUBERNETES
    oldest = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    assert oldest == f">={KUBERNETES[0]}-0"


@pytest.mark.parametrize(("field", "value", "fault"), [
    # Known from 1.32 on.
    ("resources", {"limits": {"cpu": "1"}}, "CronJob.spec.jobTemplate.spec.template.spec.resources: there is no such field"),
    ("hostUsers", "no", "CronJob.spec.jobTemplate.spec.template.spec.hostUsers: expected a boolean"),
    ("tolerations", {}, "CronJob.spec.jobTemplate.spec.template.spec.tolerations: expected a list"),
    ("affinity", [], "CronJob.spec.jobTemplate.spec.template.spec.affinity: expected a mapping"),
    ("terminationGracePeriodSeconds", True, "CronJob.spec.jobTemplate.spec.template.spec.terminationGracePeriodSeconds: expected a numeric"),
])
def test_what_an_older_kubernetes_would_not_take_is_found(helm, field, value, fault):
    (job,) = [document for document in helm.render(CI_VALUES[0]) if document["kind"] == "CronJob"]
    job["spec"]["jobTemplate"]["spec"]["template"]["spec"][field] = value
    assert schema.wrong(job, "1.29") == [fault]
    assert schema.wrong(job, "1.37") == ([] if field == "resources" else [fault])


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_every_name_that_a_pod_uses_is_there_or_said_to_exist(helm, values):
    documents = helm.render(values)
    made = {(document["kind"], document["metadata"]["name"]) for document in documents}
    text = values.read_text()
    for spec in pod_specs(documents):
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        config = volumes["config"]
        assert "downwardAPI" in config or f"existingConfigMap: {{name: {config['configMap']['name']}" in text
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            assert all(mount["name"] in volumes for mount in container.get("volumeMounts", []))
            for source in container.get("envFrom", []):
                name = source.get("secretRef", {}).get("name")
                assert name is None or ("Secret", name) in made or f"existingSecret: {name}" in text


class Once(yaml.SafeLoader):
    """Refuses a key that stands twice: Kubernetes' own tools do, PyYAML takes the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {sorted(key for key in keys if keys.count(key) > 1)} twice"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_no_key_stands_twice(helm, values):
    """Not even where an operator gives objects a label that they have already."""
    theirs = {f"app.kubernetes.io/{name}": "theirs" for name in ("name", "instance", "version", "managed-by")}
    done = helm.template(values, values={"commonLabels": theirs, "defaults": {f"{kind}Labels": theirs for kind in ("cronJob", "job", "pod")}})
    assert done.returncode == 0, done.stderr
    for document in yaml.load_all(done.stdout, Once):
        assert document is None or "theirs" not in json.dumps(document)


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_every_pod_is_restricted(helm, values):
    for spec in pod_specs(helm.render(values)):
        assert spec["automountServiceAccountToken"] is False  # As long as nobody asks for it, which no example does.
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]


@pytest.mark.parametrize("values", CI_VALUES, ids=feature)
def test_the_program_takes_the_config_and_the_overrides(helm, values, tmp_path):
    """`pagehaul check --offline` on each rendered file with the pod's own variables."""
    for document in (document for document in helm.render(values) if document["kind"] == "CronJob"):
        template = document["spec"]["jobTemplate"]["spec"]["template"]
        held = template["metadata"].get("annotations", {}).get("pagehaul/config")
        if held is None:
            continue
        (container,) = template["spec"]["containers"]
        assert container["args"][0] in ("run", "enqueue") and container["args"][1:3] == ["--config", "/etc/pagehaul/pipeline.yaml"]
        # Where Vault's injector puts secrets.
        (tmp_path / "database_url").write_text("postgres://nobody@127.0.0.1/none")
        file = tmp_path / "pipeline.yaml"
        file.write_text(held.replace("/vault/secrets", str(tmp_path)))
        overrides = {variable["name"]: variable.get("value") for variable in container["env"]}["PAGEHAUL_SET"]
        env = {"PAGEHAUL_SET": overrides, "DATABASE_URL": "postgres://nobody@127.0.0.1/none", "ACCESS_TOKEN": "some-token",
               "POD_NAMESPACE": "data", "BROKER_URL": "amqps://some:secret@rabbit.example.com/", "KAFKA_PASSWORD": "some-password",
               "COLLECTOR_KEY": "some-key", "COLLECTOR_TOKEN": "some-token"}
        done = subprocess.run([os.environ["PAGEHAUL_BINARY"], "check", "--offline", "--config", file], env=env, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", [
    "pipeline: orders\n", "pipeline: orders", "pipeline: orders\n\n\n", "\n# first\npipeline: orders  \n", "  \npipeline: orders\n",
    "pipeline: orders\r\n", "pipeline: \"<&>\"\n", "pipeline: 报表\n# '\"\\ {{ slice.a }} ${A} $${B}\n",
], ids=ascii)
def test_a_pipeline_file_arrives_to_the_letter(helm, tmp_path, text):
    """Another letter would be another config, and what is unfinished pulled anew."""
    file = tmp_path / "pipeline.yaml"
    file.write_bytes(text.encode())
    documents = helm.render(values={"image": IMAGE, "pipelines": {"orders": {"schedule": "@hourly"}}}, extra=["--set-file", f"pipelines.orders.config={file}"])
    held = {document["kind"]: document for document in documents}
    for template in (held["CronJob"]["spec"]["jobTemplate"]["spec"]["template"], held["Pod"]):
        assert template["metadata"]["annotations"]["pagehaul/config"] == text


def test_the_chart_carries_the_programs_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    line = next(line for line in (ROOT / "CMakeLists.txt").read_text().splitlines() if line.startswith("project("))
    assert f"VERSION {chart['appVersion']} " in line


def test_the_schema_knows_exactly_the_keys_that_values_explains():
    values, schema = yaml.safe_load((CHART / "values.yaml").read_text()), json.loads((CHART / "values.schema.json").read_text())
    assert values.keys() == schema["properties"].keys()
    settings = schema["definitions"]["settings"]["properties"]
    assert values["defaults"].keys() == settings.keys() - {"config", "existingConfigMap", "image"}
    groups = [(values[group], schema["properties"][group]) for group in ("global", "image", "serviceAccount", "networkPolicy", "helmTest")]
    groups += [(values["metrics"][group], schema["properties"]["metrics"]["properties"][group]) for group in ("dashboard", "prometheusRule")]
    groups += [(values["defaults"][group], settings[group]) for group in ("run", "migrate", "secret", "scaling", "serviceAccount")]
    for held, known in groups:
        known = schema["definitions"][known["$ref"].rsplit("/", 1)[1]] if "$ref" in known else known
        assert held.keys() == known["properties"].keys()
