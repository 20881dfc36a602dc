"""Makes the dashboards from what overview.py and pipeline.py declare: dashboard.py [--check]"""

import pathlib
import sys

import overview
import pipeline
from model import pretty

FOLDER = pathlib.Path(__file__).parent
# A file is called as its dashboard's uid.
DASHBOARDS = (overview.DASHBOARD, pipeline.DASHBOARD)


def main():
    for held in DASHBOARDS:
        file, text = FOLDER / f"{held['uid']}.json", pretty(held) + "\n"
        if "--check" not in sys.argv[1:]:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            sys.exit(f"deploy/grafana/{file.name} is not what dashboard.py says: please run `make chart-docs`")


if __name__ == "__main__":
    main()
