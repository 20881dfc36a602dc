"""The pipeline.yaml of a test: a default that fits the mock API, changed by merging."""

import copy
import json

TOKEN = "api-hunter2-secret"
TABLE = "report.creative"

COLUMNS = [
    {"name": "advertiser_id", "type": "bigint"},
    {"name": "date", "type": "date"},
    {"name": "creativity_id", "type": "bigint"},
    {"name": "campaign_id", "type": "bigint"},
    {"name": "creativity_name", "type": "text"},
    {"name": "note_id", "type": "text"},
    {"name": "placement", "type": "integer"},
    {"name": "fee", "type": "numeric", "strip": "￥,", "null_if": ["-", ""]},
    {"name": "impression", "type": "bigint", "strip": ","},
    {"name": "ctr", "type": "double precision", "strip": "%", "null_if": ["-"]},
    {"name": "updated_at", "type": "timestamp"},
]


def default_pipeline(base_url):
    """One slice without parameters, 100 rows a page, upsert; waits are short, as a test wants them."""
    return {
        "pipeline": "creative_report",
        "source": {
            "base_url": base_url,
            "auth": {"type": "header", "name": "Access-Token", "value": "${ACCESS_TOKEN}"},
            "request": {"method": "POST", "path": "/data/report/offline/creative",
                        "body": {"page_num": "{{ page.number }}", "page_size": "{{ page.size }}"}},
            "pagination": {"type": "page_number", "first": 1, "size": 100, "total": {"rows": "/data/total_count"}},
            "records": "/data/data_list",
            "response": {"success": {"pointer": "/code", "equals": 0},
                         "rules": [{"when": {"pointer": "/code", "in": [10005]}, "then": "retry"},
                                   {"when": {"pointer": "/code", "in": [410019]}, "then": "refresh_credential"}]},
            "retry": {"attempts": 5, "base": "10ms", "max": "200ms"},
        },
        "sink": {"dsn": "${DATABASE_URL}", "table": TABLE, "key": ["advertiser_id", "date", "creativity_id"],
                 "mode": "upsert", "columns": copy.deepcopy(COLUMNS)},
        "run": {"drain": "5s", "patience": "20s", "heartbeat": "500ms", "stale": "5s"},
        "telemetry": {"log": {"format": "json", "level": "info"}},
    }


def merge(base, changes):
    """A copy of base with changes merged in: dicts deeply, anything else replaced, None removes the key."""
    merged = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def sliced(advertisers=("1001", "1002"), date_from="2026-11-01", date_to="2026-11-02"):
    """Changes that slice the report by day and advertiser; merge with what else the test changes."""
    return {"source": {
        "slices": {"date": {"from": date_from, "to": date_to, "step": "1d"},
                   "advertiser_id": [int(a) for a in advertisers]},
        "request": {"body": {"advertiser_id": "{{ slice.advertiser_id }}", "start_date": "{{ slice.date }}",
                             "end_date": "{{ slice.date }}"}}}}


def in_a_stream(pipeline, name):
    """The same with one stream of this name: what is a stream's own goes there."""
    own = {"source": ("request", "slices", "pagination", "records", "response"), "sink": ("table", "key", "mode", "columns")}
    moved = copy.deepcopy(pipeline)
    moved["streams"] = {name: {key: moved[section].pop(key) for section, keys in own.items() for key in keys if key in moved[section]}}
    return moved


def write(path, pipeline):
    """JSON is YAML: a dict is written as JSON, a string as it stands. At once: a process that is just starting reads the old text or the new one."""
    new = path.with_name(path.name + ".new")
    new.write_text(pipeline if isinstance(pipeline, str) else json.dumps(pipeline, indent=2, ensure_ascii=False) + "\n")
    new.replace(path)
    return path
