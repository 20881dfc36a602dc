"""Packs one program as an image that `ctr images import` takes: image.py NAME PROGRAM ARCHIVE"""

import hashlib
import io
import json
import pathlib
import sys
import tarfile


def packed(files):
    """A tar archive of {name: bytes}, all executable."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def image(name, program):
    layer = packed({program.name: program.read_bytes()})
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/" + program.name]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    return packed({config_name: config, "layer.tar": layer, "manifest.json": manifest})


if __name__ == "__main__":
    pathlib.Path(sys.argv[3]).write_bytes(image(sys.argv[1], pathlib.Path(sys.argv[2])))
