"""The annotation by which Artifact Hub shows what changed, made from the newest version of the chart's CHANGELOG.md: changes.py [--check]"""

import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).parents[2] / "helm" / "pagehaul"
# The annotation is Chart.yaml's last.
BEGIN = "  artifacthub.io/changes: |\n"
# Artifact Hub's kinds.
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")


def newest(text):
    """(version, [{kind, description}]) of the section that stands first."""
    version, section = re.search(r"^## (\S+).*?\n(.*?)(?=^## |\Z)", text, re.M | re.S).groups()
    changes = []
    for title, lines in re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", section, re.M | re.S):
        if title.lower() not in KINDS:
            sys.exit(f"helm/pagehaul/CHANGELOG.md: {version}: ### {title}: expected one of {', '.join(kind.capitalize() for kind in KINDS)}")
        changes += [{"kind": title.lower(), "description": " ".join(line.split())} for line in re.split(r"^- ", lines, flags=re.M)[1:]]
    return version, changes


def main():
    chart = CHART / "Chart.yaml"
    old = chart.read_text()
    version, changes = newest((CHART / "CHANGELOG.md").read_text())
    if version != (said := yaml.safe_load(old)["version"]):
        sys.exit(f"helm/pagehaul/CHANGELOG.md begins with {version}: expected {said}, the version in Chart.yaml")
    lines = yaml.safe_dump(changes, allow_unicode=True, width=10_000, sort_keys=False).splitlines()
    new = old.split(BEGIN)[0] + BEGIN + "".join(f"    {line}\n" for line in lines)
    if "--check" in sys.argv[1:]:
        if new != old:
            sys.exit("helm/pagehaul/Chart.yaml is not what CHANGELOG.md says: please run `make chart-docs`")
    else:
        chart.write_text(new)


if __name__ == "__main__":
    main()
