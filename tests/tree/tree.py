"""The tree's own rules, each a function from a folder to what breaks it: one line a breach, "file:line: what"."""

import pathlib
import re
import subprocess

# Which folder of src may include which, beside itself: the arrows of src/README.md.
BELOW = {
    "core": "",
    "log": "core",
    "dsn": "core",
    "config": "dsn core",
    "http": "config log core",
    "postgres": "dsn core",
    "record": "config log core",
    "source": "http record config log core",
    "ledger": "postgres record config log core",
    "sink": "postgres record config log core",
    "telemetry": "http config log core",
    "queue": "http config log core",
    "report": "ledger postgres record config core",
    "machine": "config core",
    "pool": "queue config log core",
    "engine": "machine source sink ledger queue telemetry http postgres record config log core",
    "cli": "engine pool machine report source sink ledger queue telemetry http postgres record config log core",
}
# Inside a folder, its rooms and which of them each stands on. In the engine what runs stands on four rooms that do not know
# each other, and they on what they share; in config the declarations stand on the engine that reads them; in
# http either transport ("") on what is on top.
ROOMS = {"engine": {"fetch": {"fetch", "shared"}, "write": {"write", "shared"}, "carry": {"carry", "shared"},
                    "tell": {"tell", "shared"}, "shared": {"shared"}},
         "config": {"yaml": {"yaml"}}, "http": {"curl": {"curl", ""}, "cpprest": {"cpprest", ""}},
         "queue": {"rabbitmq": {"rabbitmq", ""}, "kafka": {"kafka", ""}, "sqs": {"sqs", ""}, "relay": {"relay", ""}}}
# Third-party libraries by the first folder, or the file, of what is included of them.
LIBRARIES = {"openssl": "OpenSSL", "xxhash.h": "xxHash", "spdlog": "spdlog", "fmt": "fmt", "yaml-cpp": "yaml-cpp", "nlohmann": "nlohmann-json",
             "cpprest": "cpprestsdk", "curl": "libcurl", "pplx": "cpprestsdk", "zlib.h": "zlib", "libpq-fe.h": "libpq", "pqxx": "libpqxx", "simdjson.h": "simdjson", "date": "date",
             "amqp.h": "librabbitmq", "amqp_ssl_socket.h": "librabbitmq", "librdkafka": "librdkafka",
             "prometheus": "prometheus-cpp", "CLI": "CLI11", "re2": "RE2"}
LONGEST = 400
TEXTS = (".md", ".cpp", ".h", ".py", ".sh", ".txt", ".yaml", "Makefile", "Dockerfile", "run")
CITED = re.compile(r"(?<![\w/.{}$*<-])((?:src|tests|deploy|helm|core|config|http|postgres|record|source|ledger|sink|queue|telemetry|report|"
                   r"machine|engine|cli|tell|fetch|write|carry|shared)/[\w./-]*\w\.(?:h|cpp|py|sh|md|ya?ml|json|supp|mod))(?![\w*])")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TEST = re.compile(r"`([\w/]+(?:_test\.cpp|/test_\w+\.py)): (\w+)`((?:,\s+`\w+`)*)")
CLOCK = re.compile(r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)|\bcurrent_timestamp\b", re.IGNORECASE)


def files(root):
    """What git tracks, and what it would: tracked and untracked files that are not ignored."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True,
                            text=True, check=True).stdout.split("\n")
    return sorted(pathlib.Path(name) for name in listed if name and (root / name).is_file())


def _lines(root, suffixes, below=""):
    for path in files(root):
        if path.name.endswith(suffixes) and str(path).startswith(below):
            yield from ((path, no, line) for no, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1))


def wrong_includes(root):
    for path, no, line in _lines(root, (".h", ".cpp"), "src/"):
        found = re.match(r'#include "([a-z]+)/((?:[a-z]+/)?)', line)
        if not found or len(path.parts) < 3:
            continue
        here, there = path.parts[1], found[1]
        if here not in BELOW:
            yield f"{path}:{no}: the folder {here} has no place in the order: name it here and in src/README.md"
        elif there != here and there not in BELOW[here].split():
            yield f"{path}:{no}: {here} does not stand on {there}"
        elif here == there and here in ROOMS and len(path.parts) == 4 and found[2].rstrip("/") not in ROOMS[here][path.parts[2]]:
            yield f"{path}:{no}: {here}/{path.parts[2]} does not stand on {here}/{found[2].rstrip('/') or 'what is on top'}"


def wrong_libraries(root):
    """The map's column of third-party headers against what the sources include."""
    used = {}
    for path, _, line in _lines(root, (".h", ".cpp"), "src/"):
        found = re.match(r"#include <([\w-]+(?:\.h)?)", line)
        if found and found[1] in LIBRARIES and len(path.parts) > 2:
            used.setdefault(path.parts[1], set()).add(LIBRARIES[found[1]])
    for path, no, line in _lines(root, ("README.md",), "src/README.md"):
        row = re.match(r"\| `(\w+)/` \| [^|]* \| ([^|]*)\|", line)
        if row:
            said = {name.strip() for name in row[2].split(",")} - {""}
            is_so = used.get(row[1], set())
            if said != is_so:
                yield f"{path}:{no}: {row[1]} includes {', '.join(sorted(is_so)) or 'nothing'}, the map says {', '.join(sorted(said)) or 'nothing'}"


def _headings(text):
    """What a link may name of a page, as GitHub makes it of its headings."""
    found = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower()).strip().replace(" ", "-") for heading in found}


def missing_citations(root):
    """A file, or a heading of a page, that a comment or a document names, by its path from the top, from src, from tests/unit or beside itself, and is not there."""
    there = {str(path) for path in files(root)}
    for path, no, line in _lines(root, TEXTS):
        if path.name in ("CHANGELOG.md", "tree.py", "test_tree.py"):
            continue
        if path.suffix in (".cpp", ".h"):  # in code a path may be a value; in a comment it is a citation
            line = line[line.index("//"):] if "//" in line and "://" not in line else ""
        if path.suffix == ".md":
            for target in LINK.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                target, _, heading = target.partition("#")
                page = root / path.parent / target if target else root / path
                if not page.exists():
                    yield f"{path}:{no}: links to {target}, which is not there"
                elif heading and page.suffix == ".md" and heading not in _headings(page.read_text()):
                    yield f"{path}:{no}: links to the heading #{heading}, which {page.name} does not have"
            line = LINK.sub("]", line)
        for cited in CITED.findall(line):
            homes = ("", "src/", "src/engine/", "tests/unit/", "helm/pagehaul/", "helm/pagehaul/templates/", str(path.parent) + "/")
            if not any(str(pathlib.PurePath(home + cited)) in there for home in homes):
                yield f"{path}:{no}: names {cited}, which is not there"


def missing_tests(root):
    """`ledger/start_test.cpp: Name`, `Name`: a test that a document names, below tests/unit (of Python: below tests), and that the
    file does not have."""
    for path in files(root):
        if path.suffix != ".md":
            continue
        for file, first, more in TEST.findall((root / path).read_text()):
            is_python = file.endswith(".py")
            below = "tests" if is_python else "tests/unit"
            home = root / below / file.removeprefix(below + "/")
            if not home.exists():
                yield f"{path}: names the test file {file}, which is not there"
                continue
            for name in [first, *re.findall(r"`(\w+)`", more)]:
                if not re.search(rf"^def {name}\(" if is_python else rf"TEST(?:_[FP])?\(\w+, {name}\)", home.read_text(), re.MULTILINE):
                    yield f"{path}: names the test {name}, which {file} does not have"


def long_files(root):
    for path in files(root):
        if path.parts[0] == "src" and path.suffix in (".h", ".cpp"):
            length = len((root / path).read_text().splitlines())
            if length > LONGEST:
                yield f"{path}: {length} lines, {LONGEST} at most: does it still do one thing?"


def other_clocks(root):
    """The ledger's statements ask {s}.clock() for the time, which tests move, and PostgreSQL's own functions nowhere else."""
    for path, no, line in _lines(root, (".h", ".cpp"), "src/ledger/"):
        # The function itself, and a table that is there before it.
        if CLOCK.search(line.partition("//")[0].replace("{s}.clock()", "")) and "FUNCTION {s}.clock()" not in line and "applied_at" not in line:
            yield f"{path}:{no}: asks another clock than {{s}}.clock()"


NAMED = re.compile(r"(?:(?:struct|class|enum class|enum) (\w+)|(?:inline |static )?(?:const|constexpr) [^({=]*?\b(\w+)(?:\[\w*\])?(?:\{| =|;)|(\w[^;=]*\) \{$))")


def _taken(name):
    """What one source's name takes from the others: a function's, what it is called with, whatever it returns and calls its parameters."""
    call = re.search(r"(\w+)\((.*)\) \{$", name)
    if not call or call[1].isupper():  # a TEST is told by what it is called with
        return name
    types = [re.sub(r"\b\w+$", "", parameter.strip()).strip() for parameter in call[2].split(",")]
    return f"{call[1]}({', '.join(types)})"


def names_twice(root):
    """The builds of the sanitizers and of a release compile the sources of a folder of src, or of tests/unit, as one (CMakeLists.txt): there a name of an unnamed namespace is also that of
    every other source, and no header of the same namespace may have it."""
    hidden, open_to_all = {}, {}
    space, unnamed = "", False
    for path, no, line in (*_lines(root, (".h", ".cpp"), "src/"), *_lines(root, (".h", ".cpp"), "tests/unit/")):
        folder = "/".join(path.parts[:-1][:2 if path.parts[0] == "src" else 3])
        if no == 1:
            space, unnamed = "", False
        if found := re.match(r"namespace ([\w:]+) \{", line):
            space = found[1]
        elif line == "namespace {":
            unnamed = True
        elif line.startswith("}  // namespace"):
            unnamed = False
        elif found := NAMED.match(line):
            name = next(filter(None, found.groups()))
            if unnamed:
                hidden.setdefault((folder, space, _taken(name)), []).append((path, no))
            elif path.suffix == ".h" and not line.endswith(";") and "(" not in name:
                open_to_all.setdefault((folder, space, name), path)
    for key, places in hidden.items():
        others = [path for path, _ in places[:-1]] or [open_to_all[key]] if key in open_to_all or len(places) > 1 else []
        if others and others[0] != places[-1][0]:
            path, no = places[-1]
            yield f"{path}:{no}: {key[2].removesuffix(' {')} is a name in {others[0]} too"


VERSIONS = {
    "CMakeLists.txt": r"^project\(pagehaul VERSION (\S+)",
    "Dockerfile": r"^ARG VERSION=(\S+)",
    "helm/pagehaul/Chart.yaml": r'^appVersion: "(.*)"',
    # The newest that it tells of; before the first release there is none.
    "CHANGELOG.md": r"^## \[(\d[^\]]*)\]",
}


def other_versions(root):
    """What names the program's version names the one of CMakeLists.txt."""
    wanted = None
    for name, pattern in VERSIONS.items():
        lines = (root / name).read_text().splitlines() if (root / name).exists() else []
        found = [(no, match[1]) for no, line in enumerate(lines, 1) if (match := re.match(pattern, line))]
        if not found and name != "CHANGELOG.md":
            yield f"{name}:1: names no version of the program: expected a line that fits {pattern}"
        elif found:
            no, version = found[0]
            wanted = wanted or version
            if version != wanted:
                yield f"{name}:{no}: is of version {version}, CMakeLists.txt of {wanted}"


RULES = (other_versions, names_twice, wrong_includes, wrong_libraries, missing_citations, missing_tests, long_files, other_clocks)
