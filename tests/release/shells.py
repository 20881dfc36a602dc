"""What a shell offers for a word that is begun, as a set: each function takes the script of completions, the folder that the shell is
in, and the words, the last one as far as it is typed."""

import contextlib
import os
import pathlib
import pty
import select
import subprocess
import tempfile

_ZSHRC = """\
fpath=({folder} $fpath)
autoload -Uz compinit && compinit -u -D
# What is added as a match is noted as well; calls that only fill arrays for their caller are not additions.
compadd() {{
    local -a added
    if [[ -z ${{(M)@:#-[OAD]}} ]]; then
        builtin compadd -O added "$@"
        print -rl -- $added >>{out}
    fi
    builtin compadd "$@"
}}
zle-line-init() {{
    BUFFER={line} CURSOR=$#BUFFER
    zle list-choices
    BUFFER=exit
    zle accept-line
}}
zle -N zle-line-init
"""


def bash(script, folder, *words):
    command = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pagehaul; printf "%s\n" "${COMPREPLY[@]}"'
    return _said(["bash", "--norc", "-c", command, "bash", script, *words], folder)


def fish(script, folder, *words):
    said = _said(["fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"], folder)
    return {line.split("\t")[0].rstrip("/") for line in said}


def zsh(script, folder, *words):
    """An interactive one on a terminal of its own, which asks for the matches at its first prompt and ends."""
    with tempfile.TemporaryDirectory() as home:
        out = pathlib.Path(home, "offered")
        pathlib.Path(home, ".zshrc").write_text(_ZSHRC.format(folder=script.parent, out=out, line=f"'{' '.join(words)}'"))
        out.touch()
        ours, its = pty.openpty()
        shell = subprocess.Popen(["zsh", "-i"], stdin=its, stdout=its, stderr=its, cwd=folder, start_new_session=True,
                                 env={**os.environ, "ZDOTDIR": home, "TERM": "dumb"})
        os.close(its)
        try:
            shown = b""
            # Reading is an error as soon as the shell is gone.
            with contextlib.suppress(OSError):
                while select.select([ours], [], [], 30)[0]:
                    shown += os.read(ours, 65536)
            assert shell.wait(timeout=30) == 0, shown.decode(errors="replace")
        finally:
            shell.kill()
            os.close(ours)
        return set(filter(None, out.read_text().split("\n")))


def _said(argv, folder):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, cwd=folder)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return set(filter(None, done.stdout.split("\n")))
