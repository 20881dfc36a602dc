"""The chart's copies of what lies outside of it, since Helm reads nothing else and a packaged chart follows no links: files.py [--check]"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / "helm" / "pagehaul" / "files"
SOURCES = [*sorted((ROOT / "deploy" / "grafana").glob("*.json")), ROOT / "deploy" / "prometheus" / "rules.yaml"]


def main():
    wanted = {source.name: source.read_bytes() for source in SOURCES}
    held = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    if "--check" in sys.argv[1:]:
        if held != wanted:
            differing = sorted(name for name in held | wanted if held.get(name) != wanted.get(name))
            sys.exit(f"helm/pagehaul/files is not what lies in deploy ({', '.join(differing)}): please run `make chart-docs`")
        return
    for name in held.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_bytes(text)


if __name__ == "__main__":
    main()
