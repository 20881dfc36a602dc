"""The Kubernetes API itself as the source: limit and continue, TLS by the cluster's own authority, the token of a service account."""

import json
import pathlib

import yaml

from harness.ending import assert_ledger_consistent
from harness.pagehaul import OK
from kube.cluster import HOST

OBJECTS, PAGE = 120, 25
CA = "/etc/cluster-ca"


def pipeline(namespace):
    return {
        "pipeline": "config_maps",
        "source": {
            "base_url": f"https://{HOST}:6443",
            "auth": {"type": "bearer", "token": "${ACCESS_TOKEN}"},
            "request": {"path": "/api/v1/namespaces/{{ slice.namespace }}/configmaps", "query": {"limit": "{{ page.size }}", "continue": "{{ page.token }}"}},
            "slices": {"namespace": [namespace]},
            "pagination": {"type": "cursor", "token": "/metadata/continue", "size": PAGE},
            "records": "/items",
        },
        "sink": {"dsn": "${DATABASE_URL}", "table": "kubernetes.config_map", "key": ["uid"],
                 "columns": [{"name": "uid", "type": "uuid", "from": "/metadata/uid"}, {"name": "name", "type": "text", "from": "/metadata/name"},
                             {"name": "created_at", "type": "timestamptz", "from": "/metadata/creationTimestamp"},
                             {"name": "data", "type": "jsonb", "optional": True}]},
        "telemetry": {"log": {"format": "json", "level": "info"}},
    }


def reader(namespace):
    """The token of an account that may list config maps here and nothing else."""
    namespace.kubectl("create", "serviceaccount", "reader")
    namespace.kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps")
    namespace.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace.name}:reader")
    return namespace.kubectl("create", "token", "reader").stdout.strip()


def test_every_object_of_a_kind_is_stored_page_by_page(release, namespace, cluster, db):
    listing = f"/api/v1/namespaces/{namespace.name}/configmaps"
    namespace.kubectl("create", "--filename", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"object-{n:03}"}, "data": {"n": str(n)}} for n in range(OBJECTS)]}))
    kubeconfig = yaml.safe_load(pathlib.Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    namespace.kubectl("create", "configmap", "cluster-ca", f"--from-file=ca.crt={kubeconfig['clusters'][0]['cluster']['certificate-authority']}")
    release.config = pipeline(namespace.name)
    release.set(secret={"values": {"ACCESS_TOKEN": reader(namespace)}}, extraEnv=[{"name": "SSL_CERT_FILE", "value": f"{CA}/ca.crt"}],
                extraVolumes=[{"name": "cluster-ca", "configMap": {"name": "cluster-ca"}}],
                extraVolumeMounts=[{"name": "cluster-ca", "mountPath": CA, "readOnly": True}])
    release.install()
    objects = cluster.get(listing)["items"]
    assert len(objects) > OBJECTS and cluster.get(f"{listing}?limit={PAGE}")["metadata"]["remainingItemCount"] == len(objects) - PAGE

    namespace.create_job(release.cronjob, "now")
    pod = namespace.wait_exit("now", timeout=120)

    assert pod.exit_code() == OK, pod
    told = pod.message()
    assert (told["verdict"], told["rows_stored"]) == ("succeeded", len(objects))
    assert db.query("SELECT uid, name, data FROM kubernetes.config_map ORDER BY name") == sorted(
        ((held["metadata"]["uid"], held["metadata"]["name"], held.get("data")) for held in objects), key=lambda row: row[1])
    assert_ledger_consistent(db)
