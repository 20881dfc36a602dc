"""A real Pushgateway."""

import re

from .http import answers, get_json
from .process import Process


class Pushgateway:
    def __init__(self, directory, host="127.0.0.1", prefix="", arguments=("--persistence.file=",)):
        """prefix: the path below which it serves everything, as behind an ingress. arguments: more of them; without, it keeps nothing beyond its end."""
        self._process = Process(
            ["/usr/bin/prometheus-pushgateway", f"--web.listen-address={host}:0", f"--web.route-prefix={prefix or '/'}", *arguments],
            directory=directory, name="pushgateway")
        listening = self._process.wait_for(
            lambda: re.search(r'msg="Listening on" address=(\S+)', self._process.stderr), what="names its port")
        self.url = "http://" + listening.group(1) + prefix
        self._process.wait_for(lambda: answers(self.url + "/-/ready"), what="answers")

    def groups(self):
        """The pushed groups as the API tells them: a list of {labels, last_push_successful, METRIC: {...}}."""
        return get_json(self.url + "/api/v1/metrics")["data"]

    def metric(self, name):
        """{labels as a frozenset of pairs: value} of one metric over all groups; histograms by their count."""
        found = {}
        for group in self.groups():
            for sample in group.get(name, {}).get("metrics", []):
                found[frozenset(sample.get("labels", {}).items())] = float(sample.get("value", sample.get("count", "nan")))
        return found

    def value(self, name):
        """The metric's only value; an error if there are none or several."""
        values = list(self.metric(name).values())
        assert len(values) == 1, f"{name} has {len(values)} values"
        return values[0]

    def close(self):
        self._process.stop()
