"""Meshes and Vault's injector change pods as they are made: every kind of pod asks for the same, and nothing that they bring may keep a Job from ending."""

import re

import pytest
import yaml
from conftest import CHART

NATIVE = {
    "istio": {"sidecar.istio.io/nativeSidecar": "true"},
    "linkerd": {"config.beta.linkerd.io/proxy-enable-native-sidecar": "true", "linkerd.io/inject": "enabled"},
    "vault": {"vault.hashicorp.com/agent-init-first": "true", "vault.hashicorp.com/agent-pre-populate-only": "true"},
}
LABELS = {"istio": {"sidecar.istio.io/inject": "true"}}
WORKERS = {"defaults": {"scaling": {"enabled": True, "connection": {"secretName": "queue-reader", "key": "DATABASE_URL"}}}}


@pytest.fixture
def pods(helm):
    """{kind: metadata and spec of its pod} of an example, with workers."""

    def rendered(name):
        held = {document["kind"]: document for document in helm.render(CHART / "ci" / f"{name}-values.yaml", values=WORKERS)}
        return {"CronJob": held["CronJob"]["spec"]["jobTemplate"]["spec"]["template"], "ScaledJob": held["ScaledJob"]["spec"]["jobTargetRef"]["template"],
                "Pod": held["Pod"]}

    return rendered


@pytest.mark.parametrize("name", NATIVE)
def test_run_worker_and_test_ask_for_the_same(pods, name):
    for kind, pod in pods(name).items():
        assert pod["metadata"]["annotations"].items() >= NATIVE[name].items(), kind
        assert pod["metadata"]["labels"].items() >= LABELS.get(name, {}).items(), kind
        # An annotation may name a container.
        assert [container["name"] for container in pod["spec"]["containers"]] == ["run"], kind


def test_vault_is_shown_a_token_of_its_own_and_brings_each_secret_that_the_file_names(pods):
    for kind, pod in pods("vault").items():
        annotations = {key.removeprefix("vault.hashicorp.com/"): value for key, value in pod["metadata"]["annotations"].items()}
        (volume,) = [volume for volume in pod["spec"]["volumes"] if volume["name"] == annotations["agent-service-account-token-volume-name"]]
        assert [source["serviceAccountToken"]["audience"] for source in volume["projected"]["sources"]] == ["vault"], kind
        assert pod["spec"]["automountServiceAccountToken"] is False, kind
        named = set(re.findall(r"\$\{file:/vault/secrets/(\w+)\}", annotations["pagehaul/config"]))
        # The injector names its files in lower case, whatever the annotation has.
        assert named == {key.removeprefix("agent-inject-secret-").lower() for key in annotations if key.startswith("agent-inject-secret-")}, kind


@pytest.mark.parametrize("name", NATIVE)
def test_the_exit_code_of_what_is_brought_decides_nothing(helm, name):
    (job,) = [document["spec"]["jobTemplate"]["spec"] for document in helm.render(CHART / "ci" / f"{name}-values.yaml") if document["kind"] == "CronJob"]
    assert {rule["onExitCodes"]["containerName"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule} == {"run", "migrate"}


def test_what_is_rendered_asks_no_cluster(helm):
    """Argo CD and `helm template` have none to ask: two renderings are the same, and no template looks anything up."""
    for path in (CHART / "templates").rglob("*.*"):
        assert "lookup" not in path.read_text(), path
    first, second = (helm.template(CHART / "ci" / "several-values.yaml").stdout for _ in range(2))
    assert first == second and list(yaml.safe_load_all(first))
