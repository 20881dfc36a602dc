"""What watches a cluster from outside: kube-state-metrics, and where a Prometheus finds it and the kubelet."""

from harness.http import answers
from harness.process import Process, free_port

from .cluster import HOST

KUBELET = f"{HOST}:10250"


class KubeStateMetrics:
    """Tells of the CronJobs, Jobs and pods of one namespace."""

    def __init__(self, directory, cluster, namespace):
        self.address = f"{HOST}:{free_port(HOST)}"
        self._process = Process(
            [cluster.tools / "kube-state-metrics", f"--kubeconfig={cluster.kubeconfig}", f"--namespaces={namespace}", "--resources=cronjobs,jobs,pods",
             f"--host={HOST}", f"--port={self.address.rpartition(':')[2]}", f"--telemetry-host={HOST}", f"--telemetry-port={free_port(HOST)}"],
            directory=directory, name="kube-state-metrics")
        self._process.wait_for(lambda: answers(f"http://{self.address}/healthz"), what="answers")

    def scrape_configs(self):
        """As in most clusters, but more often: it, and the kubelet, whose certificate is its own."""
        return [{"job_name": "kube-state-metrics", "honor_labels": True, "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [{"targets": [self.address]}]},
                *({"job_name": "kubelet " + path, "scheme": "https", "metrics_path": path, "tls_config": {"insecure_skip_verify": True},
                   "honor_labels": True, "scrape_interval": "5s", "scrape_timeout": "5s", "static_configs": [{"targets": [KUBELET]}]}
                  for path in ("/metrics/cadvisor", "/metrics/resource"))]

    def close(self):
        self._process.stop()
