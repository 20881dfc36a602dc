"""Who is measured, and with which settings."""

import copy
import dataclasses
import json
import os
import pathlib

from .columns import COLUMNS, FILE, KEY, SCHEMA, TABLE
from .mock import TOKEN

ROOT = pathlib.Path(__file__).resolve().parents[3]
# A developer may measure another build folder; `make bench` never does.
RELEASE = pathlib.Path(os.environ.get("PAGEHAUL_BENCH_BUILD", ROOT / "build" / "release")).resolve()
PAGEHAUL, MOCKAPI = RELEASE / "pagehaul", RELEASE / "mockapi"
LAUNCHER, WALL, DELAY = RELEASE / "bench_exec", RELEASE / "bench_wall", RELEASE / "bench_delay"
GO_POOL = ROOT / "build" / "bench" / "go_pool"
DLT_PYTHON = ROOT / "build" / "bench-venv" / "bin" / "python"
DLT_PULL = ROOT / "tests" / "bench" / "peers" / "dlt" / "pull.py"


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    argv: tuple
    env: dict = dataclasses.field(default_factory=dict)
    prepare: tuple = ()  # run before the clock starts


def pipeline(api, dsn, *, limits=None, run=None, telemetry=None, queue=None):
    """bench.yaml: defaults wherever there are any."""
    return {
        "pipeline": "bench",
        "source": {
            "base_url": api,
            "auth": {"type": "header", "name": "Access-Token", "value": "${ACCESS_TOKEN}"},
            "request": {"method": "POST", "path": "/data/report/offline/creative",
                        "body": {"page_num": "{{ page.number }}", "page_size": "{{ page.size }}"}},
            "pagination": {"type": "page_number", "first": 1, "size": 100, "total": {"rows": "/data/total_count"}},
            "records": "/data/data_list",
            "response": {"success": {"pointer": "/code", "equals": 0}},
            **({"limits": limits} if limits else {}),
        },
        "sink": {"dsn": dsn, "table": f"{SCHEMA}.{TABLE}", "key": list(KEY), "mode": "upsert",
                 "columns": copy.deepcopy(COLUMNS)},
        **({"run": run} if run else {}),
        **({"queue": queue} if queue else {}),
        "telemetry": {"log": {"format": "json", "level": "info"}, **(telemetry or {})},
    }


def configured(directory, name, binary, arguments, config, prepare=()):
    file = pathlib.Path(directory) / f"{name}.yaml"
    # JSON is YAML.
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Contender(name, (binary, *arguments, "-c", file), {"ACCESS_TOKEN": TOKEN},
                     (binary, *prepare, "-c", file) if prepare else ())


def pagehaul(directory, api, dsn, **settings):
    """Its ledger is there before the run, as all nights but the first find it: `migrate` makes it once in a database's life."""
    return configured(directory, "pagehaul", PAGEHAUL, ("run",), pipeline(api, dsn, **settings), prepare=("migrate",))


def wall(directory, api, dsn):
    return configured(directory, "wall", WALL, (), pipeline(api, dsn))


def go_pool(api, dsn, workers):
    return Contender(f"go_pool_{workers}",
                     (GO_POOL, "-api", api, "-dsn", dsn, "-table", f"{SCHEMA}.{TABLE}", "-workers", workers),
                     {"ACCESS_TOKEN": TOKEN})


def dlt(directory, api, dsn):
    """`directory` must be new: dlt keeps its pipeline's state there."""
    return Contender("dlt", (DLT_PYTHON, DLT_PULL, api, dsn, SCHEMA, TABLE, FILE),
                     {"ACCESS_TOKEN": TOKEN, "DLT_DATA_DIR": str(directory), "RUNTIME__DLTHUB_TELEMETRY": "false"})
