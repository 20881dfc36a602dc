"""The table of values in the chart's README, made from the comments of values.yaml: readme.py [--check]

A value's description is the comment above it that begins with `# --`. Every value must have one, unless it is a mapping whose keys have.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).parents[2] / "helm" / "pagehaul"
BEGIN, END = "<!-- values: made by tests/chart/readme.py -->\n", "<!-- end of values -->\n"


def values(text):
    """(path, description or None, value) for each key that is written in the file, in its order."""
    parents, description, rows = [], None, []
    depth_of_rest = None  # below a described value, keys are its own matter
    for line in text.splitlines():
        comment = re.match(r"\s*# -- (.*)", line)
        more = re.match(r"\s*# (.*)", line)
        key = re.match(r"( *)([A-Za-z]\w*):", line)
        if comment:
            description = comment[1]
        elif more and description is not None:
            description += " " + more[1]
        elif key:
            depth = len(key[1]) // 2
            if depth_of_rest is not None and depth > depth_of_rest:
                continue
            path = [*parents[:depth], key[2]]
            parents, value = path, yaml.safe_load(text)
            for part in path:
                value = value[part]
            rows.append((".".join(path), description, value))
            depth_of_rest = depth if description is not None else None
            description = None
        elif not line.strip():
            description = None
    return rows


def table(text):
    rows = values(text)
    paths = [path for path, _, _ in rows]
    for path, description, value in rows:
        is_group = isinstance(value, dict) and any(other.startswith(path + ".") for other in paths)
        if description is None and not is_group:
            sys.exit(f"values.yaml: {path}: has no description: expected a comment that begins with '# --' above it")
    lines = ["| value | default | |", "|---|---|---|"]
    for path, description, value in rows:
        if description is not None:
            shown = json.dumps(value, ensure_ascii=False)
            lines.append(f"| `{path}` | `{shown}` | {description.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def main():
    readme = CHART / "README.md"
    old = readme.read_text()
    head, rest = old.split(BEGIN)
    new = head + BEGIN + table((CHART / "values.yaml").read_text()) + END + rest.split(END)[1]
    if "--check" in sys.argv[1:]:
        if new != old:
            sys.exit("helm/pagehaul/README.md is not what values.yaml says: please run `make chart-docs`")
    else:
        readme.write_text(new)


if __name__ == "__main__":
    main()
