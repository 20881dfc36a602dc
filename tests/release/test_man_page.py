"""pagehaul(1): what a reader of Debian's finds in it."""

import gzip
import re
import subprocess

import pytest

PAGE = "usr/share/man/man1/pagehaul.1.gz"


@pytest.fixture(scope="module")
def shown(installed):
    """As `man` shows it, without the warnings that there must not be, each word whole."""
    done = subprocess.run(["man", "--warnings", "--local-file", installed / PAGE], capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "400", "MAN_KEEP_FORMATTING": ""})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def sections(text):
    """{verb: the text below its heading}."""
    found = re.split(r"^   pagehaul (\w+)$", re.split(r"^EXIT STATUS$", text.partition("\nVERBS\n")[2], flags=re.M)[0], flags=re.M)
    return dict(zip(found[1::2], found[2::2]))


def test_it_tells_every_verb_with_every_option(shown, helped):
    told = sections(shown)
    assert list(told) == helped.verbs
    for verb, text in told.items():
        named = re.findall(r"^       (-[\w-]+(?:, -[\w-]+)*)", text, re.M)
        assert [name for names in named for name in names.split(", ")] == [name for name in helped.options[verb] if name not in ("-h", "--help")], verb


def test_it_tells_every_exit_code(shown, helped):
    codes = re.findall(r"^  (\d+) +\S", helped.text, re.M)
    assert len(codes) == 10
    assert re.findall(r"^       (\d+) ", shown.partition("\nEXIT STATUS\n")[2].partition("\nENVIRONMENT\n")[0], re.M) == codes


def test_it_names_the_variables(shown):
    assert "PAGEHAUL_GRACE" in shown.partition("\nENVIRONMENT\n")[2]


def test_examples_stand_as_they_are_in_help(shown, helped):
    for line in helped.text.split("\n"):
        if line.startswith("  pipeline: ") or line.startswith("    base_url: "):
            assert line.strip() in shown


def test_whatis_finds_it(installed, version):
    done = subprocess.run(["lexgrog", installed / PAGE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and '"pagehaul - pulls a paginated REST API' in done.stdout, done.stdout
    assert f'"pagehaul {version}"' in gzip.decompress((installed / PAGE).read_bytes()).decode().split("\n")[0]
