"""The commands of the pages in deploy, as their reader runs them: a block by its page, its heading and its place there.

A block is what stands between ```sh and ```. Those of the operator's guide, deploy/README.md, need a release in a cluster: tests/e2e/kube/guide.py.
"""

import dataclasses
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
# What a reader has to put something of his own in the place of.
PLACEHOLDER = re.compile(r"\S*(?:…|\bexample\.(?:com|org)\b|CHANGE-ME|\bpushgateway\.monitoring\b)\S*")
# {(page, heading, place): why no test runs that block}
NOT_RUN = {
    ("deploy/metrics.md", "The Pushgateway", 1):
        "it installs the chart of the Prometheus community, from its repository; a gateway with the arguments that it hands over is asked what it remembers by "
        "tests/functional/test_commands.py",
    ("deploy/keda/README.md", "Workers by KEDA, without Helm", 1): "it makes a Secret, with the words that stand in the guide below \"More pods\" and are run there",
}


@dataclasses.dataclass(frozen=True)
class Block:
    page: str  # from the repository's top
    heading: str
    place: int  # below that heading, from 1
    line: int
    text: str

    @property
    def key(self):
        return self.page, self.heading, self.place

    def __str__(self):
        return f"{self.page}:{self.line}: block {self.place} below \"{self.heading}\""


def pages():
    """All pages in deploy, from the repository's top."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "deploy").rglob("*.md"))


def blocks(page, text=None):
    """All blocks of a page, in order. text: what stands there, if not what does."""
    if text is None:
        text = (ROOT / page).read_text(encoding="utf-8")
    found, heading, place, begun, fence = [], "", 0, 0, None
    for no, line in enumerate(text.splitlines(), 1):
        if fence is not None and line.strip() == "```":
            if fence == "sh":
                place += 1
                found.append(Block(page, heading, place, begun, "".join(kept)))
            fence = None
        elif fence is not None:
            kept.append(line + "\n")
        elif line.lstrip().startswith("```"):
            fence, begun, kept = line.strip().removeprefix("```"), no, []
        elif title := re.match(r"#+ (.*)", line):
            heading, place = title[1], 0
    return found


def block(page, heading, place=1):
    (held,) = [held for held in blocks(page) if held.key == (page, heading, place)]
    return held


def filled(held, text, fills):
    """That text of a block with what the reader puts there; nothing is left that somebody would have to."""
    for said, meant in fills.items():
        assert said in text, f"{held} says no more: {said}\n{text}"
        text = text.replace(said, meant)
    left = PLACEHOLDER.search(text)
    assert not left, f"{held}: what stands where it says {left[0]}?\n{text}"
    return text


def run(page, heading, place=1, *, fills=None, path=(), env=None, cwd=None, timeout=120):
    """Runs that block. fills: {text of the block: what the reader puts there}; path: folders of programs that come before all others; env: more variables. The
    CompletedProcess; an AssertionError when it does not exit 0."""
    held = block(page, heading, place)
    command = filled(held, held.text, fills or {})
    variables = {**os.environ, **{name: str(value) for name, value in (env or {}).items()}}
    variables["PATH"] = os.pathsep.join([*map(str, path), variables["PATH"]])
    # Not on standard input, which some of the programs read.
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], stdin=subprocess.DEVNULL, cwd=cwd, capture_output=True, text=True, timeout=timeout, env=variables)
    assert done.returncode == 0, f"{held}: exit {done.returncode}\n{command}--- says\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done
