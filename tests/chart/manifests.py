"""The plain manifests of deploy/kubernetes and deploy/keda, rendered from the chart: manifests.py HELM [--check]"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
HERE = pathlib.Path(__file__).parent
PIPELINE = ROOT / "deploy" / "examples" / "xiaohongshu_creative_report.yaml"
# What is added to Helm's command line for each folder.
KEDA = ["--values", HERE / "manifests-keda-values.yaml", "--show-only", "templates/scaledjob.yaml"]
FOLDERS = {"kubernetes": [], "keda": KEDA,
           **{f"keda/{kind}": [*KEDA, "--values", HERE / f"manifests-{kind}-values.yaml"] for kind in ("rabbitmq", "kafka", "sqs")}}
HEAD = "# Made from the chart (make chart-docs); deploy/{}/README.md says what to change.\n"
# Helm's own, which would be untrue without Helm.
HELMS_LINES = re.compile(r"^\s*(helm\.sh/\S+|app\.kubernetes\.io/managed-by): .*\n", re.M)
EMPTY_ANNOTATIONS = re.compile(r"^ *annotations:\n(?=\S)", re.M)


def rendered(helm, folder):
    """{path below the folder: text}"""
    command = [helm, "template", "pagehaul", ROOT / "helm" / "pagehaul", "--kube-version", "1.34.0", "--values", HERE / "manifests-values.yaml",
               *FOLDERS[folder]]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Kustomize makes a ConfigMap from this.
    files = {str(pathlib.PurePath("config", "pipeline.yaml")): PIPELINE.read_text()} if folder == "kubernetes" else {}
    for document in text.split("---\n")[1:]:
        source, body = document.split("\n", 1)
        name = pathlib.Path(source.removeprefix("# Source: ")).name
        # That template has two kinds.
        if name == "scaledjob.yaml":
            name = re.search(r"^kind: (\w+)$", body, re.M).group(1).lower() + ".yaml"
        assert name not in files, f"two objects from {name}"
        files[name] = HEAD.format(folder.split("/")[0]) + EMPTY_ANNOTATIONS.sub("", HELMS_LINES.sub("", body))
    return files


def main():
    helm, check = sys.argv[1], "--check" in sys.argv[2:]
    for folder in FOLDERS:
        path, files = ROOT / "deploy" / folder, rendered(helm, folder)
        paths = [*path.glob("*.yaml"), *path.glob("config/*.yaml")]
        held = {str(file.relative_to(path)): file.read_text() for file in paths if file.name != "kustomization.yaml"}
        if check and held != files:
            differing = sorted(name for name in held | files if held.get(name) != files.get(name))
            sys.exit(f"deploy/{folder} is not what the chart renders ({', '.join(differing)}): please run `make chart-docs`")
        if not check:
            for name in held.keys() - files.keys():
                (path / name).unlink()
            for name, text in files.items():
                (path / name).parent.mkdir(exist_ok=True)
                (path / name).write_text(text)


if __name__ == "__main__":
    main()
