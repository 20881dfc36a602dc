"""The man page of a program that read_help.py has read."""

import re

# What the man page says beyond --help.
HEADINGS = {"Exit codes": "EXIT STATUS", "Environment": "ENVIRONMENT"}


def man_page(program, date):
    """troff for pagehaul(1); `date` is the day that stands at its foot, 2026-10-01."""
    about = " ".join(program.about.split())
    lines = [f'.TH {program.name.upper()} 1 "{date}" "{program.name} {program.version}" "User Commands"',
             ".SH NAME", f"{program.name} \\- {_escaped(_in_short(program))}",
             ".SH SYNOPSIS", rf"\fB{program.name}\fR \fIVERB\fR [\fIOPTIONS\fR]", ".br", rf"\fB{program.name}\fR {_escaped('--help | --version')}",
             ".SH DESCRIPTION", _escaped(about), *_options(program.options)]
    # What stands below the verbs in --help: an introduction, then what has a heading here.
    introduction, *headed = re.split(rf"\n\n({'|'.join(HEADINGS)}):", program.after)
    lines += [*_prose(introduction), ".SH VERBS", *(line for verb in program.verbs for line in _verb(program, verb))]
    for heading, text in zip(headed[::2], headed[1::2]):
        lines += [f".SH {HEADINGS[heading]}", *_prose(text.strip(" "))]
    return "\n".join(lines) + "\n"


def _in_short(program):
    """The first clause of what the program says about itself, without its name."""
    return re.split(r"[:.;]", " ".join(program.about.split()).removeprefix(program.name).strip())[0]


def _verb(program, verb):
    yield f".SS {program.name} {verb.name}"
    yield _escaped(_sentence(verb.summary))
    yield from _options([option for option in verb.options if option.names != ["-h", "--help"]])
    yield from _prose(verb.after)


def _options(options):
    for option in options:
        yield ".TP"
        names = ", ".join(rf"\fB{_escaped(name)}\fR" for name in option.names) if not option.is_argument else rf"\fI{_escaped(option.names[0])}\fR"
        yield names + (rf" \fI{_escaped(option.value)}\fR" if option.value and not option.is_argument else "")
        yield _escaped(" ".join([_sentence(option.text), *option.notes]))


def _sentence(text):
    return text if text.endswith((".", "?")) else text + "."


def _prose(text):
    """Lines that are indented, or go on behind a backslash, stand as they are, others are filled; numbers and their meanings become a list."""
    for block in text.strip("\n").split("\n\n"):
        lines = block.split("\n")
        for kind, lines in [("as it is", lines)] if "\\\n" in block else _runs(lines):
            if kind == "list":
                for term, meaning in _listed(lines):
                    yield from (".TP", rf"\fB{_escaped(term)}\fR", _escaped(meaning))
            elif kind == "as it is":
                yield from (".PP", ".RS 4", ".nf", *map(_escaped, lines), ".fi", ".RE")
            else:
                yield from (".PP", *map(_escaped, lines))


def _runs(lines):
    """[(kind, lines)]: neighbours of one kind together."""
    runs = []
    for line in lines:
        in_list = bool(runs) and runs[-1][0] == "list" and line.startswith("    ")
        kind = "list" if re.match(r"  \d+ +\S", line) or in_list else "as it is" if line.startswith("  ") else "filled"
        if not runs or runs[-1][0] != kind:
            runs.append((kind, []))
        runs[-1][1].append(line)
    return runs


def _listed(lines):
    entries = []
    for line in lines:
        found = re.match(r"  (\d+) +(\S.*)", line)
        if found:
            entries.append([found[1], found[2]])
        else:
            entries[-1][1] += " " + line.strip()
    return entries


def _escaped(text):
    text = text.replace("\\", "\\e").replace("-", r"\-")
    return "\\&" + text if text.startswith((".", "'")) else text
