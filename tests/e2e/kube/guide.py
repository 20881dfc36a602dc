"""The commands of the operator's guide, deploy/README.md, as its reader runs them: a block by its heading and its place there.

A block is what stands between ```sh and ```. The first one of the guide goes before each: it names JOB and `k`.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUIDE = ROOT / "deploy" / "README.md"
# What a reader has to put something of his own in the place of.
PLACEHOLDER = re.compile(r"\S*(?:…|\bexample\.(?:com|org)\b|CHANGE-ME|\bpushgateway\.monitoring\b)\S*")
# {(heading, place): why no test runs that block}
NOT_RUN = {}


@dataclasses.dataclass(frozen=True)
class Block:
    heading: str
    place: int  # below that heading, from 1
    line: int
    text: str

    def __str__(self):
        return f"{GUIDE.name}:{self.line}: block {self.place} below \"{self.heading}\""


def blocks(text):
    """All of the guide's blocks, in order."""
    found, heading, place, begun, fence = [], "", 0, 0, None
    for no, line in enumerate(text.splitlines(), 1):
        if fence is not None and line.strip() == "```":
            if fence == "sh":
                place += 1
                found.append(Block(heading, place, begun, "".join(kept)))
            fence = None
        elif fence is not None:
            kept.append(line + "\n")
        elif line.lstrip().startswith("```"):
            fence, begun, kept = line.strip().removeprefix("```"), no, []
        elif title := re.match(r"#+ (.*)", line):
            heading, place = title[1], 0
    return found


class Guide:
    """For one namespace, which stands where the guide says `data`. `folder` becomes the reader's own: chart and deploy are in it, as in the repository."""

    def __init__(self, namespace, folder):
        self._namespace, self.folder = namespace, pathlib.Path(folder)
        for name in ("helm", "deploy"):
            shutil.copytree(ROOT / name, self.folder / name)
        self._blocks = blocks(GUIDE.read_text(encoding="utf-8"))

    def run(self, heading, place=1, fills=None, env=None, check=True):
        """Runs that block. fills: {text of the block: what the reader puts there}; env: more variables. The CompletedProcess; an AssertionError when it does
        not exit 0 and check is on."""
        (block,) = [block for block in self._blocks if (block.heading, block.place) == (heading, place)]
        command = self._filled(block, fills or {})
        prelude = self._told(self._blocks[0].text)
        cluster = self._namespace.cluster
        tools = os.pathsep.join(map(str, (cluster.tools, cluster.helm_binary.parent, ROOT / "build" / "dev", os.environ["PATH"])))
        done = subprocess.run(["bash", "-euo", "pipefail", "-O", "expand_aliases", "-s"], input=prelude + command, cwd=self.folder, capture_output=True, text=True,
                              timeout=120, env={**os.environ, "PATH": tools, "KUBECONFIG": str(cluster.kubeconfig), **(env or {})})
        assert not check or done.returncode == 0, f"{block}: exit {done.returncode}\n{command}--- says\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done

    def _filled(self, block, fills):
        text = self._told(block.text)
        for said, meant in fills.items():
            assert said in text, f"{block} says no more: {said}\n{text}"
            text = text.replace(said, meant)
        left = PLACEHOLDER.search(text)
        assert not left, f"{block}: what stands where it says {left[0]}?\n{text}"
        return text

    def _told(self, text):
        return text.replace("--namespace data", f"--namespace {self._namespace.name}")
