#!/usr/bin/python3
"""Runs the fuzz targets, two at a time: run.py [--seconds N | --inputs N] [--target NAME]... or run.py --input FILE, which repeats a find.
Ends with "fuzz: N targets, 0 finds"; exits 1 when there was one."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "fuzz"
FINDS = BUILD / "finds"
sys.path.insert(0, str(HERE.parent / "functional"))

from harness.postgres import Postgres  # noqa: E402

# Bytes of an input, at most: what the target's texts are long.
LENGTHS = {"arguments": 512, "casts": 2048, "cgroup": 2048, "config": 4096, "dsn": 512, "hint": 512, "inflate": 4096, "record": 4096,
           "redact": 512, "response": 4096, "retry_after": 64, "templates": 1024, "urls": 1024}
# How many more inputs these take than the slowest in the same time: a target of theirs reads one text, and no process or server with it.
FAST = {target: 20 for target in LENGTHS if target not in ("arguments", "casts", "cgroup", "config")}
MORE_SEEDS = {"config": [HERE.parent / "functional" / "config_errors"]}
LIMITS = ["-timeout=10", "-rss_limit_mb=1024"]
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:symbolize=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def environment(cluster):
    env = {**os.environ, **SANITIZERS}
    if cluster:
        env["PAGEHAUL_FUZZ_DSN"] = f"host={cluster.directory} port={cluster.port} user={cluster.user} dbname=postgres"
    return env


def how_long(target, options):
    """By number, the same inputs each time: a change is judged by them, and never by what chance finds in what it did not touch."""
    if options.inputs:
        return ["-seed=1", f"-runs={options.inputs * FAST.get(target, 1)}"]
    return [f"-max_total_time={options.seconds}"] if options.seconds else ["-runs=0"]


def command(target, options):
    """The seeds are read, and what is new beyond them is kept in the build folder; by number, nothing of a run before is."""
    grown = BUILD / ("corpus-by-number" if options.inputs else "corpus") / target
    if options.inputs:
        shutil.rmtree(grown, ignore_errors=True)
    grown.mkdir(parents=True, exist_ok=True)
    return [BUILD / f"fuzz_{target}", *LIMITS, f"-max_len={LENGTHS[target]}", f"-artifact_prefix={FINDS}/{target}-", "-print_final_stats=1",
            *how_long(target, options), grown, HERE / "corpus" / target, *MORE_SEEDS.get(target, [])]


def told(output, pattern, which=-1):
    found = re.findall(pattern, output)
    return int(found[which]) if found else 0


def telling(output):
    """What a person wants to see of a find: from where it says what is wrong, without libFuzzer's own frames."""
    lines = [line[:300] for line in output.splitlines() if " in fuzzer::" not in line]
    begin = next((i for i, line in enumerate(lines) if re.search(r"PROPERTY BROKEN|Assertion|ERROR|runtime error", line)), -20)
    return lines[begin:][:30]


def run(target, options, env):
    """Returns whether there was no find; prints one line, and of a find what the target said."""
    before = set(FINDS.glob(f"{target}-*"))
    done = subprocess.run(command(target, options), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          cwd=ROOT, check=False)
    output = done.stderr.decode(errors="replace")
    # Without a time nothing but the corpus is run.
    inputs = told(output, r"number_of_executed_units: (\d+)") or told(output, r"(?m)^#(\d+)")
    rate = told(output, r"average_exec_per_sec: *(\d+)")
    new = told(output, r"ft: (\d+)") - told(output, r"INITED .*ft: (\d+)", 0)
    line = f"{target}: {inputs} inputs, " + (f"{rate}/s, {max(new, 0)} new features, " if options.inputs or options.seconds else "")
    if done.returncode == 0:
        print(line + "no find", flush=True)
        return True
    kept = sorted(set(FINDS.glob(f"{target}-*")) - before)
    again = f"repeat it: make fuzz INPUT={kept[0].relative_to(ROOT)}" if kept else "no input was kept"
    print("\n".join([line + f"FOUND (exit {done.returncode}); {again}", *(f"  {target} | {said}" for said in telling(output))]), flush=True)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of each target; 0: its corpus alone")
    parser.add_argument("--inputs", type=int, help="of the slowest targets, of the others 20 times as many; always the same ones")
    parser.add_argument("--target", action="append", choices=sorted(LENGTHS))
    parser.add_argument("--input", type=pathlib.Path, help="TARGET-…: what a find left")
    options = parser.parse_args()
    targets = options.target or sorted(LENGTHS)
    if options.input:
        targets = [options.input.name.split("-")[0]]
    FINDS.mkdir(parents=True, exist_ok=True)
    cluster = Postgres() if "casts" in targets else None
    try:
        if cluster:
            cluster.start()
        env = environment(cluster)
        if options.input:
            return subprocess.run([BUILD / f"fuzz_{targets[0]}", *LIMITS, options.input], env=env, check=False).returncode
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            sound = list(pool.map(lambda target: run(target, options, env), targets))
    finally:
        if cluster:
            cluster.close()
    print(f"fuzz: {len(sound)} targets, {sound.count(False)} finds")
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
