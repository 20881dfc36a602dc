"""A Secret is renewed while a run is at work."""

from harness.pagehaul import OK
from harness.pipeline import TOKEN
from harness.recovery import PAGES, assert_complete
from kube.midway import FEW, start_midway

FOLDER = "/run/secrets/pagehaul"
RENEWED = "renewed-hunter2-secret"
MOUNTED = {"source": {"auth": {"value": "${file:%s/ACCESS_TOKEN}" % FOLDER}}}


def test_a_mounted_secret_that_is_renewed_midway_is_read_again(release, guide, namespace, cluster, api, db):
    release.configure(FEW, MOUNTED).set(secret={"values": None, "existingSecret": "creative-report", "mountPath": FOLDER})
    namespace.kubectl("create", "secret", "generic", "creative-report", f"--from-literal=ACCESS_TOKEN={TOKEN}", f"--from-literal=DATABASE_URL={db.dsn}")
    pod = start_midway(release, namespace, api, db)

    guide.run("Rotate a secret", fills={"ACCESS_TOKEN=…": f"ACCESS_TOKEN={RENEWED}", "DATABASE_URL=…": f"DATABASE_URL={db.dsn}"})
    mounted = cluster.mounted(pod, "secret", "secret") / "ACCESS_TOKEN"
    namespace.wait(lambda: mounted.read_text() == RENEWED, 60, "the kubelet has brought the new one")
    api.set(token=RENEWED, hold=False)
    namespace.wait_job("now", "Complete")

    (pod,) = namespace.pods("now")
    assert pod.exit_code() == OK
    refused = [request for request in api.log() if not request["auth_ok"]]
    assert 1 <= len(refused) <= PAGES, "the old one was still sent, and refused"
    assert all(secret not in namespace.log(pod) for secret in (TOKEN, RENEWED))
    assert_complete(db, api)
