"""What a real API server says to everything that the chart renders."""

import json

import pytest
import yaml

from harness.recovery import assert_complete
from harness.waiting import eventually
from kube.api_server import ApiServer
from kube.cluster import CHART, Failed
from kube.namespace import Namespace

# One worker's: a priority and a kind belong to the whole cluster.
dry_run = pytest.mark.xdist_group("dry_run")
NEWEST = pytest.param("newest", marks=pytest.mark.slow("an API server of the newest Kubernetes takes ten minutes to build"))
FEATURES = sorted((CHART / "ci").glob("*-values.yaml"))
# Where the features put what is not the release's own.
ELSEWHERE = "monitoring"
DEPLOY = CHART.parents[1] / "deploy"


@pytest.fixture(scope="module", params=["cluster", NEWEST])
def asked(request, cluster, tmp_path_factory):
    """The cluster's API server, and one of the newest Kubernetes."""
    if request.param == "cluster":
        yield cluster
        return
    server = ApiServer(tmp_path_factory.mktemp("newest"), cluster.tools, cluster.helm_binary)
    server.cluster.kubectl("create", "--filename", cluster.tools / "keda.yaml")
    yield server.cluster
    server.close()


@pytest.fixture(scope="module")
def bystander(asked):
    """A namespace in which nothing is ever made but what admission looks for: service accounts, a priority, the kind of the alerts."""
    cluster = asked
    cluster.kubectl("create", "priorityclass", "batch", "--value=-1")
    cluster.kubectl("create", "--filename", cluster.tools / "prometheusrules.yaml")
    # `wait` gives up on an object that has no conditions yet.
    established = ("wait", "--for=condition=Established", "--timeout=60s", "crd/prometheusrules.monitoring.coreos.com")
    eventually(lambda: cluster.kubectl(*established, check=False).returncode == 0, 60, "the kind is established", 1)
    held = Namespace(cluster, "bystander")
    # A controller makes it, where there is one.
    held.kubectl("create", "serviceaccount", "default", check=False)
    cluster.kubectl("create", "namespace", ELSEWHERE)
    yield held
    held.close()
    cluster.kubectl("delete", "namespace", ELSEWHERE, "--wait=false")
    cluster.kubectl("delete", "--filename", cluster.tools / "prometheusrules.yaml")
    cluster.kubectl("delete", "priorityclass", "batch")


def assert_taken(namespace, text):
    """The server takes every object, and has nothing to remark on any."""
    documents = [document for document in yaml.safe_load_all(text) if document]
    for document in documents:
        if document["kind"] == "ServiceAccount":
            namespace.kubectl("apply", "--filename", "-", stdin=json.dumps(document))
    taken = []
    for there in sorted({document["metadata"].get("namespace", namespace.name) for document in documents}):
        held = [document for document in documents if document["metadata"].get("namespace", namespace.name) == there]
        done = namespace.cluster.kubectl("--namespace", there, "apply", "--dry-run=server", "--validate=strict", "--filename", "-",
                                         stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": held}))
        assert not done.stderr
        taken += done.stdout.splitlines()
    assert len(taken) == len(documents) and all("(server dry run)" in line for line in taken), taken


@dry_run
@pytest.mark.parametrize("values", FEATURES, ids=lambda path: path.name.removesuffix("-values.yaml"))
def test_the_api_server_takes_every_feature_of_the_chart(bystander, asked, values):
    assert_taken(bystander, asked.helm("template", "release", CHART, "--namespace", bystander.name, "--kube-version", asked.version(), "--values", values).stdout)


@dry_run
@pytest.mark.parametrize("folder", ["kubernetes", "keda"])
def test_the_api_server_takes_the_plain_manifests(bystander, asked, folder):
    files = [path for path in sorted((DEPLOY / folder).glob("*.yaml")) if path.name != "kustomization.yaml"]
    assert_taken(bystander, "---\n".join(path.read_text(encoding="utf-8") for path in files))
    assert_taken(bystander, asked.kubectl("kustomize", DEPLOY / folder).stdout)


def test_the_standard_restricted_is_enforced_and_admits_our_pods(release, namespace, api, db):
    careless = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "careless"},
                "spec": {"containers": [{"name": "run", "image": "localhost/pagehaul:dev"}]}}
    with pytest.raises(Failed, match='violates PodSecurity "restricted'):
        namespace.kubectl("create", "--filename", "-", stdin=json.dumps(careless))

    release.install()
    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")
    assert_complete(db, api)
