"""A dashboard as Grafana asks for it: its variables from their own queries, then each panel's expressions."""

import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "grafana"
UIDS = ("pagehaul", "pagehaul-pipeline")
# The window that rates are taken over: a few of our pushes, which come each second.
RATE_INTERVAL = "4s"
STEP = 0.25  # seconds, as a range query takes them


class Dashboard:
    def __init__(self, uid):
        self.file = FOLDER / f"{uid}.json"
        self.held = json.loads(self.file.read_text(encoding="utf-8"))
        self.variables = {variable["name"]: variable for variable in self.held["templating"]["list"]}

    def panels(self):
        """[(row's title, panel)], those of rows that are folded up too; rows themselves left out."""
        row, found = None, []
        for panel in self.held["panels"]:
            if panel["type"] != "row":
                found.append((row, panel))
                continue
            row = panel["title"]
            found += [(row, inner) for inner in panel["panels"]]
        return found

    def panel(self, title):
        (found,) = [panel for _, panel in self.panels() if panel["title"] == title]
        return found

    def targets(self):
        """[(its name, panel, target)]"""
        return [(f"{row}: {panel['title']} {target['refId']}", panel, target) for row, panel in self.panels() for target in panel["targets"]]


class Opened:
    """A dashboard with chosen variables over the time from `began` to `ended`, Unix times; those not chosen are what their queries offer."""

    def __init__(self, dashboard, prometheus, began, ended, chosen):
        self.dashboard, self._prometheus, self.began, self.ended = dashboard, prometheus, began, ended
        self.variables = {"__rate_interval": RATE_INTERVAL}
        for name, variable in dashboard.variables.items():
            if name in chosen:
                self.variables[name] = chosen[name]
            elif variable["type"] == "constant":
                self.variables[name] = variable["query"]
            elif variable["type"] == "datasource":
                self.variables[name] = name
            else:
                self.variables[name] = variable.get("allValue") or "|".join(self.offered(name)) or "none"

    def offered(self, name):
        """What the variable's query has to choose from."""
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", self.dashboard.variables[name]["query"]["query"]).groups()
        return self._prometheus.label_values(self.told(selector), label, self.began)

    def told(self, expression):
        return re.sub(r"\$(?:\{(\w+)\}|([a-z_]\w*))", lambda name: self.variables[name[1] or name[2]], expression)

    def now(self, target):
        """[(labels, value)] at the end."""
        return self._prometheus.query(self.told(target["expr"]), time=self.ended)

    def over_time(self, target):
        """[(labels, [values])]; one step further, since Prometheus counts steps from the beginning."""
        return self._prometheus.query_range(self.told(target["expr"]), self.began, self.ended + STEP, STEP)

    def asked(self, target):
        """As the panel asks: at the end, or over the time."""
        return self.now(target) if target.get("instant") else self.over_time(target)

    def drawn(self, target):
        """[{labels, value} or {labels, points}] for the page that draws it."""
        if target.get("instant"):
            return [{"labels": labels, "value": value} for labels, value in self.now(target)]
        found = self._prometheus.matrix(self.told(target["expr"]), self.began, self.ended + STEP, STEP)
        return [{"labels": labels, "points": points} for labels, points in found]

    def marks(self):
        """[{at, colour}] of the annotations: the times that their queries' values are."""
        return [{"at": at, "colour": annotation["iconColor"], "name": annotation["name"]}
                for annotation in self.dashboard.held["annotations"]["list"]
                for at in sorted({value / 1000 for _, values in self.over_time(annotation) for value in values})]
