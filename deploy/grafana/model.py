"""Grafana's JSON for the few kinds of panel that the dashboard uses, for Grafana 10 and newer. What is shown stands in dashboard.py."""

import json

WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
LINE = 150
# A reference line: dashed, unfilled, in no series' colour.
LIMIT = "/limit|deadline|objective|planned|fetched/"


def steps(*values):
    """steps("green", (1, "yellow"), (2, "red")): colours from a value on."""
    first, *rest = values
    return {"mode": "absolute", "steps": [{"color": first, "value": None}, *({"color": colour, "value": at} for at, colour in rest)]}


def mapped(words):
    """mapped({0: ("succeeded", "green")}): words and colours for numbers."""
    return [{"type": "value", "options": {str(value): {"text": text, "color": colour, "index": index}
                                          for index, (value, (text, colour)) in enumerate(words.items())}}]


def _targets(queries, **more):
    return [{"refId": chr(ord("A") + index), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend, **more}
            for index, (expression, legend) in enumerate(queries)]


def _panel(kind, title, description, size, targets, defaults, options, overrides=(), transformations=()):
    width, height = size
    panel = {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "gridPos": {"w": width, "h": height},
             "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, "options": options, "targets": targets}
    return {**panel, "transformations": list(transformations)} if transformations else panel


def stat(title, description, unit, *queries, size=(4, 5), thresholds=None, words=None, decimals=None, none="no data", kind="stat", bounds=()):
    """The last value a pipeline. kind "gauge" shows it on a scale of `bounds`."""
    defaults = {"unit": unit, "color": {"mode": "thresholds" if thresholds or words else "fixed", "fixedColor": "text"},
                "thresholds": thresholds or steps("text"), "noValue": none, "mappings": mapped(words) if words else []}
    if decimals is not None:
        defaults["decimals"] = decimals
    if bounds:
        defaults["min"], defaults["max"] = bounds
    options = {"reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""}, "orientation": "auto"}
    if kind == "stat":
        options |= {"colorMode": "background" if words else "value", "graphMode": "none", "justifyMode": "auto", "textMode": "auto"}
    else:
        options |= {"showThresholdLabels": False, "showThresholdMarkers": True}
    return _panel(kind, title, description, size, _targets(queries, instant=True, range=False), defaults, options)


def series(title, description, unit, *queries, size=(8, 8), stack=False, top=None):
    """Lines over time, or areas on each other."""
    custom = {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 30 if stack else 8, "showPoints": "auto",
              "spanNulls": False, "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
    defaults = {"unit": unit, "min": 0, "color": {"mode": "palette-classic"}, "custom": custom}
    if top is not None:
        defaults["max"] = top
    limit = {"matcher": {"id": "byRegexp", "options": LIMIT},
             "properties": [{"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}}, {"id": "custom.fillOpacity", "value": 0},
                            {"id": "custom.stacking", "value": {"mode": "none", "group": "A"}},
                            {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}}]}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return _panel("timeseries", title, description, size, _targets(queries), defaults, options, [limit])


def states(title, description, words, *queries, size=(8, 8)):
    """Which of some states held when."""
    defaults = {"unit": "none", "color": {"mode": "thresholds"}, "thresholds": steps("text"), "mappings": mapped(words),
                "custom": {"fillOpacity": 80, "lineWidth": 0}}
    options = {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.8,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False}, "tooltip": {"mode": "single", "sort": "none"}}
    return _panel("state-timeline", title, description, size, _targets(queries), defaults, options)


def table(title, description, key, columns, size=(WIDTH, 6), unit="none", hidden=()):
    """A line for each value of the label `key`; columns: (name, query, settings of that column)."""
    targets = _targets([(expression, "") for _, expression, _ in columns], instant=True, range=False, format="table")
    fields = [f"Value #{target['refId']}" for target in targets] if len(targets) > 1 else ["Value"]
    names = {field: name for field, (name, _, _) in zip(fields, columns) if name}
    overrides = [{"matcher": {"id": "byName", "options": name}, "properties": [{"id": id_, "value": value} for id_, value in settings.items()]}
                 for name, _, settings in columns if settings]
    shape = [{"id": "merge", "options": {}},
             {"id": "organize", "options": {"excludeByName": dict.fromkeys(("Time", *hidden), True), "renameByName": names,
                                            "indexByName": {name: index for index, name in enumerate((key, *names))}}}]
    defaults = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": steps("text"), "noValue": "–",
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False}}
    return _panel("table", title, description, size, targets, defaults, {"showHeader": True, "cellHeight": "sm"}, overrides, shape)


def variable(name, label, query, *, multi=True, hidden=False):
    """The values of a label, all of them at first."""
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "query": {"qryType": 1, "query": query, "refId": name},
            "definition": query, "includeAll": True, "multi": multi, "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "refresh": 2, "sort": 1, "regex": "", "hide": 2 if hidden else 0, "options": [], "skipUrlSync": hidden}


def laid_out(rows):
    """Rows of (title, panels) as Grafana's flat list: numbered, side by side on its grid of 24, broken where a line is full."""
    out, y = [], 0
    for title, panels in rows:
        out.append({"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}})
        y, x, height = y + 1, 0, 0
        for panel in panels:
            at = panel["gridPos"]
            if x + at["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            out.append({**panel, "gridPos": {"h": at["h"], "w": at["w"], "x": x, "y": y}})
            x, height = x + at["w"], max(height, at["h"])
        y += height
    return [{"id": number, **panel} for number, panel in enumerate(out, 1)]


def pretty(value, indent=0):
    """JSON with whatever fits on a line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or indent + len(flat) <= LINE:
        return flat
    inner = " " * (indent + 2)
    items = [f"{json.dumps(key)}: {pretty(held, indent + 2)}" for key, held in value.items()] if isinstance(value, dict) else [
        pretty(held, indent + 2) for held in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(inner + item for item in items) + f"\n{' ' * indent}{closing}"
