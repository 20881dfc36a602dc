"""The plain manifests of deploy/kubernetes, rendered from the chart: manifests.py HELM [--check]"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
HERE = pathlib.Path(__file__).parent
HEAD = "# Made from the chart (make chart-docs); deploy/kubernetes/README.md says what to change.\n"
# Helm's own, which would be untrue without Helm.
HELMS_LINES = re.compile(r"^\s*(helm\.sh/\S+|app\.kubernetes\.io/managed-by): .*\n", re.M)
EMPTY_ANNOTATIONS = re.compile(r"^ *annotations:\n(?=\S)", re.M)


def rendered(helm):
    """{file name: text}"""
    command = [helm, "template", "pagehaul", ROOT / "helm" / "pagehaul", "--kube-version", "1.34.0", "--values", HERE / "manifests-values.yaml",
               "--set-file", f"pipelines.creative-report.config={ROOT / 'deploy' / 'examples' / 'xiaohongshu_creative_report.yaml'}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    files = {}
    for document in text.split("---\n")[1:]:
        source, body = document.split("\n", 1)
        name = pathlib.Path(source.removeprefix("# Source: ")).name
        assert name not in files, f"two objects from {name}"
        files[name] = HEAD + EMPTY_ANNOTATIONS.sub("", HELMS_LINES.sub("", body))
    return files


def main():
    helm, check = sys.argv[1], "--check" in sys.argv[2:]
    files = rendered(helm)
    held = {path.name: path.read_text() for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml"}
    if check and held != files:
        differing = sorted(name for name in held | files if held.get(name) != files.get(name))
        sys.exit(f"deploy/kubernetes is not what the chart renders ({', '.join(differing)}): please run `make chart-docs`")
    if not check:
        for name in held.keys() - files.keys():
            (FOLDER / name).unlink()
        for name, text in files.items():
            (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
