"""Each command of the pages in deploy is run by a test, or said not to be, with the reason: those of the operator's guide in a cluster."""

import ast
import pathlib

import pytest

from harness import commands
from kube import guide

TESTS = pathlib.Path(__file__).resolve().parents[1]


def runs(text):
    """The keys of the blocks that a test's source runs: guide.run("Heading", 2, …), commands.run(PAGE, "Heading", 2, …)."""
    found = set()
    for call in ast.walk(ast.parse(text)):
        called = ast.unparse(call.func) if isinstance(call, ast.Call) else None
        if called == "guide.run":
            heading, *place = [ast.literal_eval(told) for told in call.args[:2]]
            found.add((guide.GUIDE, heading, *(place or [1])))
        elif called == "commands.run":
            page, heading, *place = [ast.literal_eval(told) for told in call.args[:3]]
            found.add((page, heading, *(place or [1])))
    return found


def missing(held, sources, not_run):
    """What is wrong with these blocks, a line each."""
    by_key = {block.key: block for block in held}
    run = set().union(*map(runs, sources))
    yield from (f"no test runs {block}" for key, block in by_key.items() if key not in run | not_run.keys())
    yield from (f"{page}: block {place} below \"{heading}\" is run, or said not to be, and there is none" for page, heading, place in (run | not_run.keys()) - by_key.keys())
    yield from (f"{by_key[key]} is said not to be run, and is" for key in run & not_run.keys() & by_key.keys())


def test_each_block_is_run():
    # The guide's first one goes before all others.
    held = [block for page in commands.pages() for block in commands.blocks(page)[1 if page == guide.GUIDE else 0:]]
    sources = [path.read_text(encoding="utf-8") for path in sorted(TESTS.glob("*/test_*.py"))]
    not_run = {**commands.NOT_RUN, **{(guide.GUIDE, *key): reason for key, reason in guide.NOT_RUN.items()}}
    assert list(missing(held, sources, not_run)) == []
    assert all(reason.strip() for reason in not_run.values())


PAGE = "small.md"
SMALL = "# Guide\n```sh\nJOB=a\n```\n## One\n```yaml\na: # b\n```\n```sh\n# first\nfirst\n```\n- a list\n  ```sh\n  second\n  ```\n## Two\n```sh\nthird\n```\n"


def test_blocks_are_known_by_heading_and_place():
    held = commands.blocks(PAGE, SMALL)
    assert [(block.heading, block.place, block.line) for block in held] == [("Guide", 1, 2), ("One", 1, 9), ("One", 2, 14), ("Two", 1, 18)]
    assert held[1].text == "# first\nfirst\n"


def ran(*keys):
    return "\n".join(f"commands.run({PAGE!r}, {heading!r}, {place}, fills={{}})" for heading, place in keys)


@pytest.mark.parametrize(("source", "not_run", "said"), [
    (f"commands.run({PAGE!r}, 'One')\n" + ran(("One", 2), ("Two", 1)), {}, []),
    (ran(("One", 1), ("Two", 1)), {}, ['no test runs small.md:14: block 2 below "One"']),
    (ran(("One", 1), ("Two", 1)), {(PAGE, "One", 2): "no cloud here"}, []),
    (ran(("One", 1), ("Two", 1)), {(PAGE, "One", 2): "no cloud here", (PAGE, "Two", 1): "nor here"},
     ['small.md:18: block 1 below "Two" is said not to be run, and is']),
    (ran(("One", 1), ("One", 2), ("Two", 1), ("Two", 2)), {}, ['small.md: block 2 below "Two" is run, or said not to be, and there is none']),
])
def test_a_block_that_is_not_run_is_named(source, not_run, said):
    assert list(missing(commands.blocks(PAGE, SMALL)[1:], [source], not_run)) == said


def test_the_guides_are_known_by_a_call_that_names_no_page():
    assert runs('guide.run("One")\nguide.run("Two", 2, fills={})') == {(guide.GUIDE, "One", 1), (guide.GUIDE, "Two", 2)}
