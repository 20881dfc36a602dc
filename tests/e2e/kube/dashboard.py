"""A row of the dashboard as Grafana would ask for it: its variables from their own queries, then each panel's expressions."""

import json
import re
import time

from .cluster import CHART

DASHBOARD = CHART.parents[1] / "deploy" / "grafana" / "pagehaul.json"
# What Grafana makes of $__rate_interval where a target is scraped every 15 s, as most are.
RATE_INTERVAL = "60s"


class Row:
    def __init__(self, title, prometheus, began):
        """Looks at everything since `began`, a Unix time."""
        held = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        self._prometheus, self._began = prometheus, began
        self._variables = {variable["name"]: variable for variable in held["templating"]["list"] if variable["type"] == "query"}
        self._panels, row = [], None
        for panel in held["panels"]:
            row = panel["title"] if panel["type"] == "row" else row
            if row == title and panel["type"] != "row":
                self._panels.append(panel)
        assert self._panels, f"{DASHBOARD.name} has no row {title}"

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
        """Its variables replaced, as for "All"."""
        expression = expression.replace("$__rate_interval", RATE_INTERVAL)
        return re.sub(r"\$(\w+)", lambda name: "|".join(self._values(name.group(1))) or "none", expression)

    def _values(self, name):
        asked = re.fullmatch(r"label_values\((.*), (\w+)\)", self._variables[name]["query"]["query"])
        return self._prometheus.label_values(self._told(asked.group(1)), asked.group(2), self._began)
