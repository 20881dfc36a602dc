"""This tree keeps the rules, and each rule sees a breach of it in a small tree made for that."""

import pathlib
import subprocess

import pytest

import tree

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", tree.RULES, ids=lambda rule: rule.__name__)
def test_this_tree_keeps(rule):
    assert list(rule(ROOT)) == []


@pytest.fixture
def small(tmp_path):
    """make(files): a git tree of these files, {path: text}."""
    def make(files):
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path
    return make


@pytest.mark.parametrize("name, line, said", [
    ("src/core/a.h", '#include "log/log.h"', "core does not stand on log"),
    ("src/ledger/a.cpp", '#include "engine/run.h"', "ledger does not stand on engine"),
    ("src/engine/fetch/a.h", '#include "engine/claimer.h"', "engine/fetch does not stand on engine/what is on top"),
    ("src/engine/tell/a.h", '#include "engine/write/b.h"', "engine/tell does not stand on engine/write"),
    ("src/config/yaml/a.h", '#include "config/config.h"', "config/yaml does not stand on config/what is on top"),
    ("src/utils/a.h", '#include "core/a.h"', "the folder utils has no place in the order"),
])
def test_an_arrow_against_the_order_is_named(small, name, line, said):
    assert list(tree.wrong_includes(small({name: line + "\n"}))) == [f"{name}:1: {said}"
                                                                    + (": name it here and in src/README.md" if "utils" in name else "")]


def test_arrows_along_the_order_are_not(small):
    root = small({"src/engine/run.cpp": '#include "engine/fetch/a.h"\n#include "ledger/b.h"\n#include <vector>\n',
                  "src/engine/fetch/a.h": '#include "engine/shared/c.h"\n#include "machine/d.h"\n'})
    assert list(tree.wrong_includes(root)) == []


def test_a_library_that_the_map_does_not_name_is_named(small):
    root = small({"src/README.md": "| `core/` | errors | OpenSSL |\n| `sink/` | tables | |\n",
                  "src/core/a.cpp": "#include <xxhash.h>\n#include <vector>\n", "src/sink/a.cpp": "#include <string>\n"})
    assert list(tree.wrong_libraries(root)) == ["src/README.md:1: core includes xxHash, the map says OpenSSL"]


@pytest.mark.parametrize("name, text", [
    ("src/core/a.h", "// See core/gone.h.\n"),
    ("README.md", "as `src/core/gone.h` says\n"),
    ("README.md", "[here](core/gone.h)\n"),
    ("Makefile", "x:\n\t@src/core/gone.sh\n"),
])
def test_a_file_that_is_named_and_is_not_there_is_named(small, name, text):
    (breach,) = tree.missing_citations(small({name: text}))
    assert breach.startswith(name) and "gone" in breach and "is not there" in breach


def test_a_file_may_be_named_from_the_top_from_src_or_beside_itself(small):
    root = small({"src/core/a.h": "// core/b.h, src/core/b.h\n", "src/core/b.h": "", "src/core/README.md": "[b](b.h) [web](https://x/core/c.h)\n"})
    assert list(tree.missing_citations(root)) == []


def test_a_heading_that_is_linked_and_is_not_there_is_named(small):
    page = "# Guide\n```sh\n# Gone\n```\n## Many `pods`, [one](b.md) run\n[here](#guide) [there](#many-pods-one-run) [gone](#gone)\n"
    root = small({"a.md": page, "b.md": "[up](a.md#guide) [away](a.md#away) [code](c.txt#l3)\n", "c.txt": ""})
    assert list(tree.missing_citations(root)) == ["a.md:6: links to the heading #gone, which a.md does not have",
                                                 "b.md:1: links to the heading #away, which a.md does not have"]


def test_a_test_that_is_named_and_is_not_there_is_named(small):
    root = small({"tests/unit/core/a_test.cpp": "TEST(A, Runs) {}\nTEST_F(B, Stops) {}\n",
                  "README.md": "`core/a_test.cpp: Runs`, `Stops`,\n`Flies` and `core/b_test.cpp: Runs`\n"})
    assert list(tree.missing_tests(root)) == ["README.md: names the test Flies, which core/a_test.cpp does not have",
                                             "README.md: names the test file core/b_test.cpp, which is not there"]


def test_a_functional_test_that_is_named_and_is_not_there_is_named(small):
    root = small({"tests/functional/test_a.py": "def test_runs(db):\n    pass\n",
                  "README.md": "`functional/test_a.py: test_runs`, `test_stops` and `functional/test_b.py: test_runs`\n"})
    assert list(tree.missing_tests(root)) == ["README.md: names the test test_stops, which functional/test_a.py does not have",
                                             "README.md: names the test file functional/test_b.py, which is not there"]


def test_a_statement_that_asks_another_clock_is_named(small):
    root = small({"src/ledger/a.cpp": "UPDATE {s}.worker SET heartbeat_at = {s}.clock()\nDELETE FROM {s}.run WHERE at < now()\n// now()\n",
                  "src/ledger/b.cpp": "CREATE FUNCTION {s}.clock() AS 'SELECT clock_timestamp()'\n", "src/sink/a.cpp": "SELECT now()\n"})
    assert list(tree.other_clocks(root)) == ["src/ledger/a.cpp:2: asks another clock than {s}.clock()"]


def test_a_source_that_has_grown_too_long_is_named(small):
    root = small({"src/core/a.cpp": "//\n" * 401, "src/core/b.cpp": "//\n" * 400, "tests/c.cpp": "//\n" * 500})
    assert [breach.split(":")[0] for breach in tree.long_files(root)] == ["src/core/a.cpp"]


@pytest.mark.parametrize("first, second, said", [
    ("struct Due {", "struct Due {", "Due"),
    ("enum class Due { now };", "constexpr int Due = 1;", "Due"),
    ("constexpr int patience_ms = 5;", "constexpr std::chrono::seconds patience_ms{5};", "patience_ms"),
    ("int half(int number) {", "int half(int number) {", "half(int)"),
    ("std::string trimmed(std::string_view text) {", "std::string_view trimmed(std::string_view line) {", "trimmed(std::string_view)"),
])
def test_a_name_that_two_sources_of_a_folder_hide_is_named(small, first, second, said):
    source = "namespace pagehaul::queue {{\nnamespace {{\n{}\n}}\n}}  // namespace\n}}\n"
    root = small({"src/queue/a.cpp": source.format(first), "src/queue/kafka/b.cpp": source.format(second)})
    assert list(tree.names_twice(root)) == [f"src/queue/kafka/b.cpp:3: {said} is a name in src/queue/a.cpp too"]


def test_a_hidden_name_that_a_header_of_its_namespace_has_is_named(small):
    root = small({"src/ledger/claims.h": "namespace pagehaul::ledger {\nenum class Due {\n", "src/ledger/poll.cpp":
                  "namespace pagehaul::ledger {\nnamespace {\nstruct Due {\n};\n}  // namespace\n}\n"})
    assert list(tree.names_twice(root)) == ["src/ledger/poll.cpp:3: Due is a name in src/ledger/claims.h too"]


def test_names_of_other_folders_and_namespaces_are_not(small):
    source = "namespace pagehaul::{} {{\nnamespace {{\nstruct Due {{\n}};\nint half(int a);\n}}  // namespace\n}}\n"
    root = small({"src/queue/kafka/a.cpp": source.format("queue::kafka"), "src/queue/sqs/a.cpp": source.format("queue::sqs"),
                  "src/sink/a.cpp": source.format("sink")})
    assert list(tree.names_twice(root)) == []


VERSIONED = {"CMakeLists.txt": "project(pagehaul VERSION 1.2.0 LANGUAGES CXX)\n", "Dockerfile": "FROM scratch\nARG VERSION=1.2.0\n",
             "helm/pagehaul/Chart.yaml": 'version: 3.4.5\nappVersion: "1.2.0"\n', "CHANGELOG.md": "## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n## [1.1.0]\n"}


@pytest.mark.parametrize("name, text, said", [
    ("Dockerfile", "ARG VERSION=1.1.0\n", "Dockerfile:1: is of version 1.1.0, CMakeLists.txt of 1.2.0"),
    ("helm/pagehaul/Chart.yaml", 'appVersion: "1.2"\n', "helm/pagehaul/Chart.yaml:1: is of version 1.2, CMakeLists.txt of 1.2.0"),
    ("CHANGELOG.md", "## [Unreleased]\n## [1.3.0]\n## [1.2.0]\n", "CHANGELOG.md:2: is of version 1.3.0, CMakeLists.txt of 1.2.0"),
    ("Dockerfile", "FROM scratch\n", "Dockerfile:1: names no version of the program: expected a line that fits ^ARG VERSION=(\\S+)"),
])
def test_a_version_that_is_not_the_program_s_is_named(small, name, text, said):
    assert list(tree.other_versions(small({**VERSIONED, name: text}))) == [said]


@pytest.mark.parametrize("changes", ["## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n", "## [Unreleased]\n"], ids=["released", "not yet"])
def test_versions_that_agree_are_not(small, changes):
    assert list(tree.other_versions(small({**VERSIONED, "CHANGELOG.md": changes}))) == []
