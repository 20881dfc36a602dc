#!/usr/bin/env python3
"""Man page and completions of a program from its own --help: describe.py PROGRAM FOLDER [DATE]

Writes FOLDER/pagehaul.1, pagehaul.bash, _pagehaul (zsh) and pagehaul.fish, by the program's name. DATE (2026-10-01) stands in the man
page; without it, that of SOURCE_DATE_EPOCH.
"""

import datetime
import os
import pathlib
import sys

import completions
import man_page
import read_help


def main(path, folder, date=None):
    program = read_help.read(pathlib.Path(path).resolve())
    if date is None:
        if "SOURCE_DATE_EPOCH" not in os.environ:
            sys.exit("describe.py: expected a DATE, or SOURCE_DATE_EPOCH in the environment: seconds, of the commit say")
        date = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc).date().isoformat()
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {f"{program.name}.1": man_page.man_page(program, date), f"{program.name}.bash": completions.bash(program),
                       f"_{program.name}": completions.zsh(program), f"{program.name}.fish": completions.fish(program)}.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
