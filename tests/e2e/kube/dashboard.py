"""A row of a pipeline's page as Grafana would ask for it: its variables from their own queries, then each panel's expressions."""

import json
import re
import time

from .cluster import CHART

DASHBOARD = CHART.parents[1] / "deploy" / "grafana" / "pagehaul-pipeline.json"
# What Grafana makes of $__rate_interval where a target is scraped every 15 s, as most are.
RATE_INTERVAL = "60s"


class Row:
    def __init__(self, title, prometheus, began, **chosen):
        """Looks at everything since `began`, a Unix time; `chosen`: variables that somebody has chosen."""
        held = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        self._prometheus, self._began, self._chosen = prometheus, began, chosen
        self._variables = {variable["name"]: variable for variable in held["templating"]["list"] if variable["type"] == "query"}
        # Folded up, so it holds its panels itself.
        (self._panels,) = [row["panels"] for row in held["panels"] if row["type"] == "row" and row["title"] == title]
        assert self._panels, f"{DASHBOARD.name} has nothing in the row {title}"

    def expressions(self):
        """{(panel's title, expression as it stands)}"""
        return {(panel["title"], target["expr"]) for panel in self._panels for target in panel["targets"]}

    def empty(self, step=1):
        """Those expressions for which no data comes back."""
        return {(title, expression) for title, expression in self.expressions()
                if not self._prometheus.query_range(self._told(expression), self._began, time.time(), step)}

    def now(self, title):
        """[(labels, value)] of a panel with one expression."""
        ((_, expression),) = [asked for asked in self.expressions() if asked[0] == title]
        return self._prometheus.query(self._told(expression))

    def _told(self, expression):
        """Its variables replaced: what was chosen, all else as for "All"."""
        expression = expression.replace("$__rate_interval", RATE_INTERVAL)
        return re.sub(r"\$([a-z]\w*)", lambda name: self._value(name.group(1)), expression)

    def _value(self, name):
        return self._chosen[name] if name in self._chosen else "|".join(self._values(name)) or "none"

    def _values(self, name):
        asked = re.fullmatch(r"label_values\((.*), (\w+)\)", self._variables[name]["query"]["query"])
        return self._prometheus.label_values(self._told(asked.group(1)), asked.group(2), self._began)
