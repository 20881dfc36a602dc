#!/usr/bin/python3
"""Runs chaos seeds: run.py [--seeds N] [--first N] [--seed N] [--queue KIND] [--keep DIR]. Ends with "survived N/N"; exits 1 when a seed did not."""

import argparse
import dataclasses
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "functional")]

from harness.postgres import Postgres  # noqa: E402
import checker  # noqa: E402
from broker import KINDS, Broker  # noqa: E402
import scenario as scenarios  # noqa: E402
from disk import small_disk  # noqa: E402
from story import Story  # noqa: E402
from world import World  # noqa: E402

BUILD = HERE.parents[1] / "build" / "dev"


@dataclasses.dataclass(frozen=True)
class Binaries:
    pagehaul: pathlib.Path = BUILD / "pagehaul"
    mockapi: pathlib.Path = BUILD / "mockapi"
    queue_probe: pathlib.Path = BUILD / "queue_probe"


def draw(seed, brokered):
    scenario = scenarios.in_a_mode(scenarios.draw(seed))
    return scenarios.over_a_broker(scenario) if brokered else scenario


def survive(seed, cluster, binaries, directory, sabotage="", disk=None, broker=None):
    """Carries one seed out. Returns None, or what was wrong, and its Story."""
    scenario = draw(seed, broker is not None)
    world = World(scenario, cluster, binaries, directory, disk, broker)
    if sabotage:
        world.runner.env["PAGEHAUL_SABOTAGE"] = sabotage
    story = Story(scenario, world)
    try:
        story.tell()
        checker.check(scenario, world, story)
        return None, story
    except AssertionError as error:
        return str(error), story
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, help="this one alone, with its story")
    parser.add_argument("--queue", choices=KINDS, help="processes are told of pages by a broker of this kind, which has faults of its own")
    parser.add_argument("--keep", help="a folder for what the failed seeds' processes wrote")
    options = parser.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    with small_disk() as disk:
        lost = run(seeds, options, disk)
    print(f"survived {len(seeds) - len(lost)}/{len(seeds)}" + (f", lost: {' '.join(map(str, lost))}" if lost else "")
          + ("" if disk else ' (no right to mount: "fill the disk" did nothing)'))
    return 1 if lost else 0


def run(seeds, options, disk):
    """Returns the seeds that were lost."""
    cluster, broker = Postgres(disk=disk), None
    lost = []
    try:
        broker = Broker(options.queue) if options.queue else None
        for seed in seeds:
            lines = list(draw(seed, broker is not None).story())
            print("\n".join(lines) if options.seed is not None else lines[0], end="", flush=True)
            directory = pathlib.Path(tempfile.mkdtemp(prefix=f"pagehaul-chaos-{seed}-"))
            began = time.monotonic()
            wrong, story = survive(seed, cluster, Binaries(), directory, disk=disk, broker=broker)
            codes = " ".join("+".join(str(e.result.code) for e in round_) for round_ in story.ended)
            print(f": {'LOST' if wrong else 'ok'}, exits {codes}, {len(story.faults.struck)} faults, {time.monotonic() - began:.1f} s", flush=True)
            if wrong:
                lost.append(seed)
                print("\n".join(lines[1:]) if options.seed is None else "", wrong, sep="\n", flush=True)
                if options.keep:
                    shutil.copytree(directory, pathlib.Path(options.keep) / str(seed), dirs_exist_ok=True)
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        if broker is not None:
            broker.close()
        cluster.close()
    return lost


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
