"""The API server of the newest Kubernetes that the chart claims, without a node: what it says to objects is all that it is asked."""

import json
import secrets
import ssl
import subprocess

from harness.process import Process, free_port

from .cluster import HOST, Cluster


class ApiServer:
    def __init__(self, directory, tools, helm):
        etcd, peer, port = (free_port(HOST) for _ in range(3))
        told = f"http://{HOST}:{etcd}"
        self._etcd = Process(["etcd", "--data-dir", directory / "etcd", "--unsafe-no-fsync", "--listen-client-urls", told, "--advertise-client-urls", told,
                              "--listen-peer-urls", f"http://{HOST}:{peer}"], directory=directory, name="newest-etcd")
        token, key, certificate = secrets.token_hex(16), directory / "accounts.key", directory / "apiserver.crt"
        (directory / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        self._server = Process(
            [tools / "newest-kube-apiserver", f"--etcd-servers={told}", f"--cert-dir={directory}", f"--bind-address={HOST}", f"--advertise-address={HOST}",
             f"--secure-port={port}", f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
             "--service-account-issuer=https://kubernetes.default.svc", f"--token-auth-file={directory / 'tokens.csv'}", "--authorization-mode=RBAC",
             "--service-cluster-ip-range=10.245.0.0/24"], directory=directory, name="newest-kube-apiserver")
        # It signs itself a certificate first of all.
        self._server.wait_for(lambda: certificate.exists() and ssl.create_default_context(cafile=certificate), 60, "has a certificate")
        kubeconfig = directory / "newest.kubeconfig"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "newest",
            "clusters": [{"name": "newest", "cluster": {"server": f"https://{HOST}:{port}", "certificate-authority": str(certificate)}}],
            "users": [{"name": "admin", "user": {"token": token}}], "contexts": [{"name": "newest", "context": {"cluster": "newest", "user": "admin"}}]}))
        self.cluster = Cluster(tools, helm, kubeconfig)
        self._server.wait_for(lambda: self.cluster.kubectl("get", "--raw", "/readyz", check=False).returncode == 0, 120, "is ready")

    def close(self):
        self._server.stop()
        self._etcd.stop()
