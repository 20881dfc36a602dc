"""A real Prometheus that scrapes a few times a second and judges our rules as often; a newer one than Debian's takes what is sent by OTLP, too."""

import json
import math
import pathlib
import re
import urllib.parse

from .http import answers, get_json
from .process import Process

SCRAPE = "250ms"


class Prometheus:
    def __init__(self, directory, pushgateway=None, rules=(), scrape=(), receiver=None):
        """`pushgateway`: its URL. `scrape`: what else it is to look at, as in scrape_configs. `receiver`: the program of one that is to take OTLP."""
        directory = pathlib.Path(directory)
        scraped = list(scrape)
        if pushgateway:
            target = urllib.parse.urlsplit(pushgateway).netloc
            scraped.append({"job_name": "pushgateway", "honor_labels": True, "static_configs": [{"targets": [target]}]})
        config = {"global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE},
                  "rule_files": [str(path) for path in rules],
                  "scrape_configs": scraped}
        if receiver:
            # As deploy/metrics.md says.
            config["storage"] = {"tsdb": {"out_of_order_time_window": "10m"}}
        path = directory / "prometheus.yml"
        path.write_text(json.dumps(config))  # JSON is YAML
        self._process = Process(
            [receiver or "/usr/bin/prometheus", f"--config.file={path}", "--web.listen-address=127.0.0.1:0",
             f"--storage.tsdb.path={directory / 'data'}", *(["--web.enable-otlp-receiver"] if receiver else [])],
            directory=directory, name="prometheus", cwd=directory)
        listening = self._process.wait_for(
            lambda: re.search(r'msg="Listening on" .*?address=(\S+)', self._process.stderr), what="names its port")
        self.url = "http://" + listening.group(1)
        self.otlp = self.url + "/api/v1/otlp"  # of a receiver: an endpoint, /v1/metrics is added
        self._process.wait_for(lambda: answers(self.url + "/-/ready"), what="is ready")

    def query(self, expression, time=None):
        """[(labels, value)] of an instant query; NaN is no value."""
        found = self._get("query", query=expression, time=time)["result"]
        return [(series["metric"], value) for series in found if not math.isnan(value := float(series["value"][1]))]

    def query_range(self, expression, start, end, step):
        """[(labels, [values])] of a range query; NaN is no value, and a series without any is none."""
        return [(labels, [value for _, value in points]) for labels, points in self.matrix(expression, start, end, step)]

    def matrix(self, expression, start, end, step):
        """[(labels, [(Unix time, value)])] of a range query; NaN is no value, and a series without any is none."""
        found = self._get("query_range", query=expression, start=start, end=end, step=step)["result"]
        series = [(one["metric"], [(at, number) for at, text in one["values"] if not math.isnan(number := float(text))]) for one in found]
        return [(labels, points) for labels, points in series if points]

    def label_values(self, selector, label, start):
        """The values of a label of these series since then: what Grafana makes a variable's choices of."""
        found = self._get("series", start=start, **{"match[]": selector})
        return sorted({series[label] for series in found if label in series})

    def metrics(self):
        """The names of all metrics it has seen."""
        return set(self._get("label/__name__/values"))

    def rules(self):
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def alerts(self):
        """{(alert, namespace, pipeline): labels, annotations, state, …} of those that are pending or fire; None for a label that it has not."""
        return {tuple(alert["labels"].get(of) for of in ("alertname", "namespace", "pipeline")): alert for alert in self._get("alerts")["alerts"]}

    def _get(self, path, **parameters):
        told = {key: value for key, value in parameters.items() if value is not None}
        return get_json(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(told)}")["data"]

    def close(self):
        self._process.stop()
