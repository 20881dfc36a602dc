"""How many instructions a page and a commit take, counted by callgrind: the same on every machine, however busy it is."""

import dataclasses
import os
import re
import subprocess

# Where a run is pure computing: one request at a time, and one writer. Names as callgrind prints them, their callees included.
DECODE, EXCHANGE, COMMIT = "pagehaul::record::Decoder::decode(", "CurlTransport::send(", "pagehaul::engine::Committer::commit("
# Libraries pick their code by the processor: the least that all have.
SAME_EVERYWHERE = {"SIMDJSON_FORCE_IMPLEMENTATION": "westmere", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM"}


@dataclasses.dataclass(frozen=True)
class Counted:
    """Of one run of so many pages: instructions, and how many commits it took, which is chance."""

    pages: int
    decode: int
    exchange: int
    commit: int
    commits: int


def count(contender, pages, directory):
    out = os.path.join(directory, "callgrind.out")
    run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *map(str, contender.argv)],
                         env={**os.environ, **contender.env, **SAME_EVERYWHERE}, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"under callgrind the run ended with {run.returncode}:\n{run.stderr[-2000:]}")
    shown = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], check=True, capture_output=True, text=True)
    return Counted(pages, *(_inclusive(shown.stdout, name) for name in (DECODE, EXCHANGE, COMMIT)), _calls(out, COMMIT))


def shares(few, many):
    """(what a commit takes, what each page in it takes) by two runs of which one puts more pages into a commit."""
    a_page_few, a_page_many = (run.commit / run.pages for run in (few, many))
    share_few, share_many = (run.commits / run.pages for run in (few, many))
    if share_many < share_few * 2:
        raise SystemExit(f"{few.commits} commits of {few.pages} pages and {many.commits} of {many.pages} tell nothing apart")
    a_commit = (a_page_many - a_page_few) / (share_many - share_few)
    return a_commit, a_page_few - a_commit * share_few


def _calls(out, name):
    """How often the function was called, by callgrind's own file (valgrind's manual, "Callgrind Format Specification")."""
    calls, wanted, callee = 0, None, None
    with open(out, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if found := re.match(r"c?fn=\((\d+)\) (.*)", line):
                # The function itself, not what is local to it.
                if found[2].startswith(name):
                    wanted = found[1]
            if line.startswith("cfn="):
                callee = re.match(r"cfn=\((\d+)\)", line)[1]
            elif line.startswith("calls=") and callee == wanted:
                calls += int(line[len("calls="):].split()[0])
    return calls


def _inclusive(annotated, name):
    found = [line for line in annotated.splitlines() if name in line]
    if not found:
        raise SystemExit(f"callgrind saw no call of {name}…)")
    # The function itself stands above what is local to it.
    return max(int(re.match(r"\s*([\d,]+)", line)[1].replace(",", "")) for line in found)
