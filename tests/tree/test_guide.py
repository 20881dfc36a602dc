"""Each command of the operator's guide is run by an end-to-end test, or said not to be, with the reason."""

import ast
import pathlib

import pytest

from kube.guide import GUIDE, NOT_RUN, blocks

E2E = pathlib.Path(__file__).resolve().parents[1] / "e2e"


def runs(text):
    """{(heading, place)} of the blocks that a test's source runs: guide.run("Heading", 2, …)."""
    found = set()
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "guide.run":
            heading, *place = [ast.literal_eval(told) for told in call.args[:2]]
            found.add((heading, place[0] if place else 1))
    return found


def missing(guide, sources, not_run):
    """What is wrong, a line each. The guide's first block goes before all others."""
    held = {(block.heading, block.place): block for block in blocks(guide)[1:]}
    run = set().union(*map(runs, sources))
    yield from (f"deploy/README.md:{block.line}: no test runs block {place} below \"{heading}\""
                for (heading, place), block in held.items() if (heading, place) not in run | not_run.keys())
    yield from (f"block {place} below \"{heading}\" is run, or said not to be, and the guide has none" for heading, place in (run | not_run.keys()) - held.keys())
    yield from (f"block {place} below \"{heading}\" is said not to be run, and is" for heading, place in run & not_run.keys())


def test_each_block_of_the_guide_is_run():
    sources = [path.read_text(encoding="utf-8") for path in sorted(E2E.glob("test_*.py"))]
    assert list(missing(GUIDE.read_text(encoding="utf-8"), sources, NOT_RUN)) == []
    assert all(reason.strip() for reason in NOT_RUN.values())


SMALL = "# Guide\n```sh\nJOB=a\n```\n## One\n```yaml\na: # b\n```\n```sh\n# first\nfirst\n```\n- a list\n  ```sh\n  second\n  ```\n## Two\n```sh\nthird\n```\n"


def test_blocks_are_known_by_heading_and_place():
    assert [(block.heading, block.place, block.line) for block in blocks(SMALL)] == [("Guide", 1, 2), ("One", 1, 9), ("One", 2, 14), ("Two", 1, 18)]
    assert blocks(SMALL)[1].text == "# first\nfirst\n"


@pytest.mark.parametrize(("source", "not_run", "said"), [
    ('guide.run("One")\nguide.run("One", 2)\nguide.run("Two", fills={})', {}, []),
    ('guide.run("One", 1)\nguide.run("Two")', {}, ['deploy/README.md:14: no test runs block 2 below "One"']),
    ('guide.run("One", 1)\nguide.run("Two")', {("One", 2): "no cloud here"}, []),
    ('guide.run("One", 1)\nguide.run("Two")', {("One", 2): "no cloud here", ("Two", 1): "nor here"}, ['block 1 below "Two" is said not to be run, and is']),
    ('guide.run("One", 1)\nguide.run("One", 2)\nguide.run("Two")\nguide.run("Two", 2)', {}, ['block 2 below "Two" is run, or said not to be, and the guide has none']),
])
def test_a_block_that_is_not_run_is_named(source, not_run, said):
    assert list(missing(SMALL, [source], not_run)) == said
