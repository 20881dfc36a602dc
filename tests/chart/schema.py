"""What each Kubernetes knows of its objects, by its own schema, which tools.sh takes from its Go client: the one by which it merges what is applied."""

import functools
import os
import pathlib

import yaml

GROUPS = {"v1": "core.v1", "batch/v1": "batch.v1", "networking.k8s.io/v1": "networking.v1"}
SCALARS = {"string": str, "boolean": bool, "numeric": (int, float)}


def folder():
    return pathlib.Path(os.environ["PAGEHAUL_TOOLS"]) / "kubernetes"


def versions():
    """1.29 and so on, the oldest first."""
    return sorted((path.stem for path in folder().glob("*.yaml")), key=lambda version: int(version.split(".")[1]))


@functools.cache
def types(version):
    loaded = yaml.load((folder() / f"{version}.yaml").read_text(), yaml.CSafeLoader)
    return {held["name"]: held for held in loaded["types"]}


def is_kubernetes(document):
    return document["apiVersion"] in GROUPS


def wrong(document, version):
    """What Kubernetes of that version (1.29) would not know or take, a text each: fields that there are not, and values of another type."""
    name = f"io.k8s.api.{GROUPS[document['apiVersion']]}.{document['kind']}"
    return list(_wrong(document, {"namedType": name}, types(version), document["kind"]))


def _wrong(value, kind, known, at):
    if "namedType" in kind:
        if kind["namedType"] not in known:
            yield f"{at}: there is no {kind['namedType']}"
            return
        kind = known[kind["namedType"]]
    if value is None or kind.get("scalar") == "untyped":
        return
    if "map" in kind:
        yield from _wrong_map(value, kind["map"], known, at)
    elif "list" in kind:
        if not isinstance(value, list):
            yield f"{at}: expected a list"
        else:
            for index, element in enumerate(value):
                yield from _wrong(element, kind["list"]["elementType"], known, f"{at}[{index}]")
    elif not isinstance(value, SCALARS[kind["scalar"]]) or (kind["scalar"] == "numeric" and isinstance(value, bool)):
        yield f"{at}: expected a {kind['scalar']}"


def _wrong_map(value, held, known, at):
    if not isinstance(value, dict):
        yield f"{at}: expected a mapping"
        return
    fields = {field["name"]: field["type"] for field in held.get("fields", [])}
    for key, element in value.items():
        kind = fields.get(key, held.get("elementType"))
        if kind is None:
            yield f"{at}.{key}: there is no such field"
        else:
            yield from _wrong(element, kind, known, f"{at}.{key}")
