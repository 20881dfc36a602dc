"""What a program of CLI11's says of itself by --help, as data: verbs, their options and arguments, and the texts around them.

A line that fits nothing known ends with a ValueError that shows it: man page and completions never miss an option silently.
"""

import dataclasses
import re
import subprocess

COLUMN = 30  # CLI11 begins descriptions here


@dataclasses.dataclass(frozen=True)
class Option:
    """An option, or an argument by its place (its only name then has no dash)."""
    names: list           # as they are typed: ["-c", "--config"]
    value: str            # what its value is called; empty: it takes none
    choices: list         # the only words that it takes; empty: any
    repeated: bool        # it may stand there several times
    notes: list           # what else there is to know, a sentence each
    text: str

    @property
    def is_argument(self):
        return not self.names[0].startswith("-")


@dataclasses.dataclass(frozen=True)
class Verb:
    name: str
    summary: str
    usage: str
    options: list
    after: str            # what stands below the options


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    version: str
    about: str
    usage: str
    options: list
    verbs: list
    after: str


def read(path, run=()):
    """The program at this path, started by the words of `run` where it is another machine's (an emulator)."""
    def said(*arguments):
        return subprocess.run([*run, path, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout

    about, usage, sections, after = _parts(said("--help"))
    name, version = said("--version").split()
    verbs = []
    for verb, summary in _entries(sections.pop("Verbs")):
        _, verb_usage, verb_sections, verb_after = _parts(said(verb, "--help"))
        verbs.append(Verb(verb, summary, verb_usage, _options(verb_sections), verb_after))
    return Program(name, version, about, usage, _options(sections), verbs, after)


def _parts(text):
    """What --help prints: (text before the usage, usage, {heading: lines below it}, text after all these)."""
    before, found, rest = text.partition("Usage: ")
    if not found:
        raise ValueError(f"expected a line 'Usage: …' in\n{text}")
    usage, _, rest = rest.partition("\n")
    sections, lines = {}, rest.lstrip("\n").split("\n")
    while lines and re.fullmatch(r"(Positionals|Options|Verbs): ?", lines[0]):
        heading = lines.pop(0).rstrip(": ")
        held = sections[heading] = []
        while lines and lines[0]:
            held.append(lines.pop(0))
        while lines and not lines[0]:
            lines.pop(0)
    return before.strip(), usage, sections, "\n".join(lines).strip("\n")


def _entries(lines):
    """[(what stands left, its description)] of lines. What reaches beyond the column has its description in the next one."""
    entries = []
    for line, following in zip(lines, [*lines[1:], ""]):
        if line.startswith(" " * COLUMN):
            entries[-1] = (entries[-1][0], line.strip())
        elif re.match(r"  \S", line):
            cut = len(line) if following.startswith(" " * COLUMN) else COLUMN
            entries.append((line[:cut].strip(), line[cut:].strip()))
        else:
            raise ValueError(f"expected an entry of --help, got {line!r}")
    return entries


# NAMES [TYPE[:CHECKS][=DEFAULT]] [...] [REQUIRED] [(Env:NAME)] [Needs: OPTION] [Excludes: OPTION…]
ENTRY = re.compile(r"(?P<names>\S+)"
                   r"(?: (?P<value>[A-Z]+|KEY\.PATH=VALUE)(?::(?:\{(?P<choices>[^}]*)\}|(?P<range>[A-Z]+ in \[(?P<least>\d+) - (?P<most>\d+)\])))?"
                   r"(?:=(?P<default>\S+))?)?"
                   r"(?P<repeated> \.\.\.)?(?P<required> REQUIRED)?(?: \(Env:(?P<variable>\w+)\))?"
                   r"(?: Needs: (?P<needs>[\w -]+?))?(?: Excludes: (?P<excludes>[\w -]+))?")


def _options(sections):
    options = []
    for heading in ("Positionals", "Options"):
        for left, text in _entries(sections.get(heading, [])):
            found = ENTRY.fullmatch(left)
            if not found:
                raise ValueError(f"expected an option as CLI11 prints one, got {left!r}")
            options.append(Option(names=found["names"].split(","), value=found["value"] or "",
                                  choices=found["choices"].split(",") if found["choices"] else [],
                                  repeated=bool(found["repeated"]), notes=_notes(found), text=text))
    return options


def _notes(found):
    notes = []
    if found["required"]:
        notes.append("Required.")
    if found["choices"]:
        notes.append(f"One of {', '.join(found['choices'].split(','))}.")
    if found["range"]:
        notes.append(f"From {found['least']} to {found['most']}.")
    if found["default"]:
        notes.append(f"Default: {found['default']}.")
    if found["variable"]:
        notes.append(f"Environment: {found['variable']}.")
    if found["needs"]:
        notes.append(f"Goes with {found['needs'].replace(' ', ', ')}.")
    if found["excludes"]:
        notes.append(f"Not with {found['excludes'].replace(' ', ', ')}.")
    return notes
