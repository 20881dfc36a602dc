"""The API server of the cluster that run.sh has booted: kubectl, helm, plain requests and watches."""

import http.client
import json
import os
import pathlib
import ssl
import subprocess
import threading

import yaml

CHART = pathlib.Path(__file__).resolve().parents[3] / "helm" / "pagehaul"
# What pods and the servers on the host reach each other by: see cluster/README.md.
HOST, NETWORK = "10.244.0.1", "10.244.0.0/24"


class Failed(AssertionError):
    """A command that should have succeeded did not."""


class Cluster:
    def __init__(self, tools, helm, kubeconfig):
        self.tools, self.kubeconfig = pathlib.Path(tools), kubeconfig
        self._kubectl, self.helm_binary = self.tools / "kubectl", pathlib.Path(helm)
        config = yaml.safe_load(pathlib.Path(kubeconfig).read_text(encoding="utf-8"))
        server = config["clusters"][0]["cluster"]
        self._address = server["server"].removeprefix("https://")
        self._tls = ssl.create_default_context(cafile=server["certificate-authority"])
        self._headers = {"Authorization": "Bearer " + config["users"][0]["user"]["token"], "Content-Type": "application/json"}

    def version(self):
        return self.get("/version")["gitVersion"]

    def mounted(self, pod, volume, kind):
        """The folder on the node that holds a pod's volume; kind: `secret`, `downward-api`."""
        return pathlib.Path(self.kubeconfig).parent / "kubelet" / "pods" / pod.uid / "volumes" / f"kubernetes.io~{kind}" / volume

    def kubectl(self, *args, **options):
        return self._command(self._kubectl, args, **options)

    def helm(self, *args, **options):
        return self._command(self.helm_binary, args, **options)

    def _command(self, binary, args, *, stdin=None, check=True, timeout=120):
        """The CompletedProcess; Failed with its output when it did not exit 0 and check is on."""
        command = [str(binary), *map(str, args)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, "KUBECONFIG": str(self.kubeconfig)})
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(command[1:])}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done

    def request(self, method, path, body=None):
        """(status, parsed JSON)"""
        connection = self._connect(30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def get(self, path):
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return body

    def watch(self, path):
        connection = self._connect(None)
        # From whatever the server has in memory: it would ask Debian's etcd in vain whether that is the newest.
        connection.request("GET", path + "?watch=true&resourceVersion=0", headers=self._headers)
        return Watch(connection)

    def _connect(self, timeout):
        return http.client.HTTPSConnection(self._address, timeout=timeout, context=self._tls)


class Watch:
    """What a collection holds and has held: a deleted object stays as it was seen last. A thread of its own reads."""

    def __init__(self, connection):
        self._connection = connection
        self._answer = connection.getresponse()
        assert self._answer.status == 200, self._answer.read()
        self._held = {}
        self._closing = False
        self._error = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def objects(self):
        """In the order in which they were created."""
        assert self._error is None, f"the watch has ended: {self._error}"
        return list(self._held.values())

    def _read(self):
        try:
            for line in self._answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ValueError(event["object"])
                held = event["object"]
                held["deleted"] = event["type"] == "DELETED"
                self._held[held["metadata"]["uid"]] = held
            raise ValueError("the server closed it")
        except (OSError, ValueError, http.client.HTTPException) as error:
            if not self._closing:
                self._error = error

    def close(self):
        self._closing = True
        self._connection.sock.shutdown(2)
        self._thread.join(10)
        self._connection.close()
