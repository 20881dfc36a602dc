"""The bounds, the table and build/bench.json."""

import dataclasses
import json
import os
import pathlib
import platform
import subprocess

from .contenders import DLT_PYTHON, PAGEHAUL


@dataclasses.dataclass(frozen=True)
class Bound:
    key: str
    sign: str
    limit: float
    what: str

    def holds(self, value):
        return value >= self.limit if self.sign == ">=" else value <= self.limit


BOUNDS = (
    Bound("ratio_vs_go_pool", ">=", 3.3, "rows/s against a worker pool in Go, 1,000,000 rows, no latency"),
    Bound("fraction_of_copy_wall", ">=", 0.82, "of plain COPY into the keyed table, the same"),
    Bound("ratio_vs_go_pool_300k", ">=", 3.0, "rows/s against a worker pool in Go, 300,000 rows, no latency"),
    Bound("ratio_vs_dlt", ">=", 25, "rows/s against dlt, the same"),
    Bound("fraction_of_copy_wall_300k", ">=", 0.65, "of plain COPY into the keyed table, the same"),
    Bound("repull_ratio", "<=", 0.75, "1,000,000 rows of which none changed: time of the second pull / the first's"),
    Bound("repull_wal_bytes", "<=", 20, "WAL that the second pull writes, bytes a row"),
    Bound("repull_vs_go_pool", ">=", 3.0, "rows/s of the second pull against the Go pool's second"),
    Bound("append_fraction", ">=", 0.8, "sink.mode: append, without a key, 300,000 rows in ten slices: rows/s / those of upsert"),
    Bound("replace_fraction", ">=", 0.8, "the same with replace_slice"),
    Bound("remote_fraction", ">=", 0.9, "a database 1 ms away, 4 writers, 300,000 rows: rows/s / the same without distance"),
    Bound("latency_efficiency", ">=", 0.95, "100 ms latency, ceiling 32, 10,000 pages: ideal time / time"),
    Bound("cursor_efficiency", ">=", 0.93, "100 ms latency, 16 slices of 50 chained pages side by side: ideal time / time"),
    Bound("children", ">=", 0.6, "100,000 slices of a page, made by another stream's records: requests/s / the same pages as one slice"),
    Bound("rate_limit_efficiency", ">=", 0.97, "an enforced 200/s: requests done / allowed"),
    Bound("scaling_efficiency", ">=", 0.92, "100 ms latency, 16 in flight each: pages/s of 4 processes of one run / 4 x those of one"),
    Bound("crowd_efficiency", ">=", 0.9, "the same of 24 processes, 2 in flight each"),
    Bound("idle_cost", ">=", 0.97, "1,000,000 rows beside ten processes that have nothing to do: rows/s / the same without them, five pairs"),
    Bound("queue_overhead", ">=", 0.8, "3,000,000 rows: rows/s with page jobs over a broker / with the ledger's own, the least of the three kinds"),
    Bound("shared_rate_error", "<=", 0.03, "16 processes of a run at 200/s: how far the rate of all together is off"),
    Bound("rss_mib", "<=", 48, "peak memory, 1,000,000 rows in a 128 MiB cgroup"),
    Bound("rss_growth", "<=", 1.1, "peak at 1,000,000 rows / at 100,000"),
    Bound("cpu_us_per_page", "<=", 350, "CPU of the process, 10,000 pages, no latency"),
    Bound("telemetry_cpu_ratio", "<=", 1.03, "CPU a page with metrics and traces (sampling 0.05) / without, ten pairs"),
    Bound("ledger_growth_pages", "<=", 1.15, "CPU of process and database a page of 10 rows, 1,000,000 pages / 10,000"),
    Bound("ledger_growth_slices", "<=", 1.25, "the same in slices of 2 pages, 100,000 slices / 1,000"),
    Bound("poll_ms", "<=", 50, "the longest poll with 1,000,000 pages to come, and with 100,000 slices"),
    Bound("scale_rss_mib", "<=", 48, "peak memory, 1,000,000 pages in a 128 MiB cgroup"),
    Bound("startup_ms", "<=", 60, "exec to the first request at the API"),
    Bound("sigterm_ms", "<=", 1000, "SIGTERM to exit, the API never answers"),
)


# They take minutes each: run.py --scale.
SCALE = ("ledger_growth_pages", "ledger_growth_slices", "poll_ms", "scale_rss_mib")


def _output(*argv):
    try:
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment(cluster):
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return {
        "pagehaul": _output(PAGEHAUL, "version").splitlines()[0],
        "go": _output("go", "version"),
        "dlt": _output(DLT_PYTHON, "-c", "import dlt; print(dlt.__version__)"),
        "postgresql": cluster.version(),
        "postgresql settings that differ from its built-in defaults": cluster.settings(),
        "kernel": platform.release(),
        "cpus": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
    }


def print_environment(facts):
    for name, value in facts.items():
        text = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"{name}: {text}", flush=True)


def _number(value):
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def print_table(results):
    """False when a bound is missed."""
    held = True
    print(f"\n{'key':<26}{'median':>10}  {'bound':<9} {'':<7} what")
    for bound in BOUNDS:
        if bound.key not in results:
            continue
        result = results[bound.key]
        if result.value is None:
            print(f"{bound.key:<26}{'-':>10}  {bound.sign} {bound.limit:<6g} skipped {result.note}")
            continue
        good = bound.holds(result.value)
        held = held and good
        note = f"{bound.what}{'; ' + result.note if result.note else ''}"
        print(f"{bound.key:<26}{_number(result.value):>10}  {bound.sign} {bound.limit:<6g} {'ok' if good else 'MISSED':<7} {note}")
    return held


def write_json(path, facts, results, problems):
    bounds = {bound.key: bound for bound in BOUNDS}
    shown = {}
    for key, result in results.items():
        shown[key] = {"value": result.value, "rounds": result.rounds, "note": result.note}
        if key in bounds:
            bound = bounds[key]
            shown[key] |= {"bound": f"{bound.sign} {bound.limit:g}",
                           "ok": None if result.value is None else bound.holds(result.value)}
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"environment": facts, "results": shown, "problems": problems}, indent=2,
                               ensure_ascii=False) + "\n", encoding="utf-8")
