#!/usr/bin/python3
"""Judges what gcovr counted: judge.py LINES.JSON. Prints each room's share, and the lines that no test runs; fails when the core's share is under the bound
or when lines of a file that reasons.txt does not know are not run."""

import itertools
import json
import pathlib
import sys

ROOMS = ("engine", "ledger", "sink", "source", "http", "record")
BOUND = 92.0
REASONS = pathlib.Path(__file__).with_name("reasons.txt")


def reasons():
    """{file or folder: why}"""
    lines = (line.split(":", 1) for line in REASONS.read_text().splitlines() if line and not line.startswith("#"))
    return {path.strip(): why.strip() for path, why in lines}


def runs_of(numbers):
    """'3-5, 9' of 3, 4, 5, 9."""
    groups = (list(group) for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]))
    return ", ".join(f"{g[0][1]}-{g[-1][1]}" if len(g) > 1 else str(g[0][1]) for g in groups)


def main():
    files = {}
    for file in json.loads(pathlib.Path(sys.argv[1]).read_text())["files"]:
        lines = files.setdefault(file["file"], {})
        for line in file["lines"]:
            if not line.get("gcovr/noncode"):
                lines[line["line_number"]] = lines.get(line["line_number"], 0) + line["count"]
    known, unknown = reasons(), []
    total = run = 0
    for room in ROOMS:
        of_room = {name: lines for name, lines in sorted(files.items()) if name.startswith(f"src/{room}/")}
        all_lines = sum(len(lines) for lines in of_room.values())
        run_lines = sum(count > 0 for lines in of_room.values() for count in lines.values())
        total, run = total + all_lines, run + run_lines
        print(f"{room:8} {100 * run_lines / max(1, all_lines):5.1f} % of {all_lines:,} lines")
        for name, lines in of_room.items():
            missing = sorted(number for number, count in lines.items() if count == 0)
            if not missing:
                continue
            why = next((why for path, why in known.items() if name == path or name.startswith(path.rstrip("/") + "/")), None)
            print(f"  {name}: {runs_of(missing)}: {why or 'NO REASON in tests/coverage/reasons.txt'}")
            if why is None:
                unknown.append(name)
    share = 100 * run / max(1, total)
    print(f"coverage: {share:.1f} % of {total:,} lines, at least {BOUND:.0f} wanted; {len(unknown)} files without a reason")
    return 1 if share < BOUND or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
