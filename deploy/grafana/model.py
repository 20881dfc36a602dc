"""Grafana's JSON for the few kinds of panel that the dashboards use, for Grafana 10 and newer. What they show stands in overview.py and pipeline.py."""

import json
import re
import urllib.parse

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


def linked(title, url, new_tab=False):
    """A link of a cell or a value; `${__data.fields.NAME}` in it is what stands in its line, nothing where the line has no such field."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def explored(kind, source, query):
    """Where Grafana's Explore answers a query: `source` is the variable that holds the data source's uid, and variables in the query stay such."""
    of = {"type": kind, "uid": f"${{{source}}}"}
    pane = {"datasource": of["uid"], "queries": [{"refId": "A", "datasource": of, **query}], "range": {"from": "${__from}", "to": "${__to}"}}
    told = urllib.parse.quote(json.dumps({"at": pane}))
    return "/explore?schemaVersion=1&panes=" + re.sub(r"%24%7B(\w+)%7D", r"${\1}", told)


def _targets(queries, **more):
    return [{"refId": chr(ord("A") + index), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend, **more}
            for index, (expression, legend) in enumerate(queries)]


def _panel(kind, title, description, size, targets, defaults, options, overrides=(), transformations=()):
    width, height = size
    panel = {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "gridPos": {"w": width, "h": height},
             "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, "options": options, "targets": targets}
    return {**panel, "transformations": list(transformations)} if transformations else panel


def stat(title, description, unit, *queries, size=(4, 5), thresholds=None, words=None, decimals=None, none="no data", kind="stat", bounds=(), links=()):
    """The last value. kind "gauge" shows it on a scale of `bounds`; `words` for some values beside `thresholds` for the others."""
    defaults = {"unit": unit, "color": {"mode": "thresholds" if thresholds or words else "fixed", "fixedColor": "text"},
                "thresholds": thresholds or steps("text"), "noValue": none, "mappings": mapped(words) if words else [], "links": list(links)}
    if decimals is not None:
        defaults["decimals"] = decimals
    if bounds:
        defaults["min"], defaults["max"] = bounds
    options = {"reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""}, "orientation": "auto"}
    if kind == "stat":
        options |= {"colorMode": "background" if words and not thresholds else "value", "graphMode": "none", "justifyMode": "auto", "textMode": "auto"}
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


def table(title, description, keys, columns, size=(WIDTH, 6), unit="none", hidden=(), worst=None, links=None, none="–"):
    """A line for each set of values of the labels `keys`; columns: (name, query, settings of that column). `worst`: the column, not shown, by which the
    lines are sorted, the highest first. `links`: {column: a link}."""
    targets = _targets([(expression, "") for _, expression, _ in columns], instant=True, range=False, format="table")
    fields = [f"Value #{target['refId']}" for target in targets] if len(targets) > 1 else ["Value"]
    names = {field: name for field, (name, _, _) in zip(fields, columns) if name}
    settings = {name: dict(held) for name, _, held in columns if held}
    for name, link in (links or {}).items():
        settings.setdefault(name, {})["links"] = [link]
    overrides = [{"matcher": {"id": "byName", "options": name}, "properties": [{"id": id_, "value": value} for id_, value in held.items()]}
                 for name, held in settings.items()]
    of_worst = [field for field, name in names.items() if name == worst]
    shape = [{"id": "merge", "options": {}},
             *({"id": "sortBy", "options": {"sort": [{"field": field, "desc": True}]}} for field in of_worst),
             {"id": "organize", "options": {"excludeByName": dict.fromkeys(("Time", *hidden, *of_worst), True), "renameByName": names,
                                            "indexByName": {name: index for index, name in enumerate((*keys, *names))}}}]
    defaults = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": steps("text"), "noValue": none,
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False}}
    return _panel("table", title, description, size, targets, defaults, {"showHeader": True, "cellHeight": "sm"}, overrides, shape)


def source(name, label, kind, hidden=False):
    """The data source of a kind that is asked."""
    return {"name": name, "label": label, "type": "datasource", "query": kind, "hide": 2 if hidden else 0, "includeAll": False, "multi": False,
            "refresh": 1, "regex": "", "options": [], "current": {}}


def variable(name, label, query, *, multi=True, every=None, hidden=False):
    """The values of a label, all of them at first. `every`: what stands for all, such as ".*", which finds series without the label too;
    False: one value is always chosen."""
    held = {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "query": {"qryType": 1, "query": query, "refId": name},
            "definition": query, "includeAll": every is not False, "multi": multi,
            "current": {} if every is False else {"selected": True, "text": ["All"] if multi else "All", "value": ["$__all"] if multi else "$__all"},
            "refresh": 2, "sort": 1, "regex": "", "hide": 2 if hidden else 0, "options": [], "skipUrlSync": hidden}
    return {**held, "allValue": every} if every else held


def constant(name, value):
    return {"name": name, "type": "constant", "query": value, "hide": 2, "skipUrlSync": True, "current": {"text": value, "value": value},
            "options": [{"text": value, "value": value, "selected": True}]}


def annotation(name, expression, colour, text):
    """Marks at the times, in ms, that are the query's values."""
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": colour, "expr": expression, "useValueForTime": True,
            "titleFormat": name, "textFormat": text, "tagKeys": "", "step": "1m"}


def link(title, url, icon, tooltip, new_tab=True, keeps_time=False):
    """A link above the panels; variables in it are filled in."""
    return {"type": "link", "title": title, "url": url, "icon": icon, "tooltip": tooltip, "targetBlank": new_tab, "keepTime": keeps_time,
            "includeVars": False, "asDropdown": False, "tags": []}


def dashboard(uid, title, description, *, variables, panels, links, annotations=()):
    return {"uid": uid, "title": title, "description": description, "tags": ["pagehaul"], "schemaVersion": 38, "version": 1, "editable": True,
            "graphTooltip": 1, "timezone": "browser", "refresh": "1m", "time": {"from": "now-24h", "to": "now"},
            "annotations": {"list": list(annotations)}, "links": list(links), "templating": {"list": list(variables)}, "panels": panels}


def laid_out(rows):
    """Rows of (title, panels) as Grafana's flat list: numbered, side by side on its grid of 24, broken where a line is full. A row of (title, panels,
    "collapsed") holds its panels, and asks nothing before it is opened."""
    out, y, number = [], 0, 0
    for title, panels, *collapsed in rows:
        number += 1
        row = {"id": number, "type": "row", "title": title, "collapsed": bool(collapsed), "panels": [], "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}}
        out.append(row)
        y, x, height = y + 1, 0, 0
        top = y
        for panel in panels:
            at, number = panel["gridPos"], number + 1
            if x + at["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            (row["panels"] if collapsed else out).append({"id": number, **panel, "gridPos": {"h": at["h"], "w": at["w"], "x": x, "y": y}})
            x, height = x + at["w"], max(height, at["h"])
        y = top if collapsed else y + height
    return out


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
