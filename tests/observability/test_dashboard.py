"""The dashboard's JSON, without a server: what a Grafana needs that was never seen by whoever wrote it."""

import re
import subprocess
import sys

import pytest
from conftest import DASHBOARD, KUBERNETES_ROW, ROOT, dashboard, panels

PANELS = panels()
QUERIES = [(panel["title"], target["expr"]) for _, panel in PANELS for target in panel["targets"]]
BY_TITLE = {"argvalues": [panel for _, panel in PANELS], "ids": [f"{row}: {panel['title']}" for row, panel in PANELS]}
# Units of Grafana that the dashboard uses; one that it does not know would be shown as it is written.
UNITS = {"s", "percentunit", "none", "short", "ops", "reqps", "bytes", "bool_yes_no", "dateTimeFromNow"}


def exit_codes():
    """The numbers that the program may end with."""
    source = (ROOT / "src" / "core" / "exit_code.h").read_text()
    return {int(number) for number in re.findall(r"^    \w+ = (\d+),$", source, re.M)}


def test_it_is_what_its_declaration_makes():
    subprocess.run([sys.executable, DASHBOARD.with_name("dashboard.py"), "--check"], check=True)


def test_it_has_a_uid_of_its_own_so_that_links_to_it_stay():
    assert dashboard()["uid"] == "pagehaul"
    assert "id" not in dashboard(), "an id is the database's of one Grafana"


def test_its_variables_choose_the_data_source_and_the_pipelines():
    variables = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}
    assert list(variables)[:2] == ["datasource", "pipeline"]
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    pipeline = variables["pipeline"]
    assert pipeline["multi"] and pipeline["includeAll"] and pipeline["query"]["query"].endswith(", pipeline)")
    assert all(variable["datasource"]["uid"] == "${datasource}" for name, variable in variables.items() if name != "datasource")


def test_no_variable_is_used_that_is_not_declared_and_none_is_declared_for_nothing():
    declared = {variable["name"] for variable in dashboard()["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", DASHBOARD.read_text()))
    assert used == declared


def test_ids_and_titles_are_unique():
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(ids) == len(set(ids))
    titles = [(row, panel["title"]) for row, panel in PANELS]
    assert len(titles) == len(set(titles))


def test_no_panel_covers_another_and_none_leaves_the_grid():
    taken = {}
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["x"] + at["w"] <= 24 and at["w"] > 0 and at["h"] > 0, panel["title"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert taken.setdefault(cell, panel["title"]) == panel["title"], f"{panel['title']} covers {taken[cell]}"


def test_every_row_of_the_grid_is_filled_to_its_end():
    """A gap looks like a panel that failed to load; the last line of a row may end early."""
    by_line = {}
    for row, panel in PANELS:
        by_line.setdefault((row, panel["gridPos"]["y"]), []).append(panel["gridPos"])
    for (row, y), places in by_line.items():
        last = max(other for title, other in by_line if title == row)
        assert len({at["h"] for at in places}) == 1, f"{row}: panels side by side differ in height"
        assert y == last or sum(at["w"] for at in places) == 24, f"{row}: line {y} is not full"


def test_the_first_row_answers_in_one_look():
    first = [panel["title"] for row, panel in PANELS if row == PANELS[0][0]]
    assert first[:6] == ["Since the last success", "Of its objective", "Last verdict", "Last exit code", "Completeness", "Data is behind by"]
    assert all(panel["gridPos"]["y"] == 1 for row, panel in PANELS[:6])


@pytest.mark.parametrize("panel", **BY_TITLE)
def test_every_panel_explains_itself(panel):
    assert panel["title"] and len(panel["description"]) > 20 and panel["description"].endswith(".")


@pytest.mark.parametrize("panel", **BY_TITLE)
def test_every_panel_has_a_unit_that_grafana_knows(panel):
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    said = [item["value"] for override in panel["fieldConfig"]["overrides"] for item in override["properties"] if item["id"] == "unit"]
    assert set(said) <= UNITS


@pytest.mark.parametrize("panel", **BY_TITLE)
def test_every_query_asks_the_chosen_data_source(panel):
    assert panel["targets"]
    for asked in (panel, *panel["targets"]):
        assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    references = [target["refId"] for target in panel["targets"]]
    assert len(references) == len(set(references))


@pytest.mark.parametrize("panel", **BY_TITLE)
def test_every_series_is_named(panel):
    assert panel["type"] == "table" or all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("title, expression", QUERIES)
def test_a_rate_is_taken_over_grafanas_rate_interval(title, expression):
    assert all(window == "$__rate_interval" for window in re.findall(r"\[([^\]]+)\]", expression))
    calls = re.findall(r"\b(rate|irate|increase|deriv|delta|idelta|changes|resets)\(", expression)
    assert len(calls) == expression.count("[$__rate_interval]")


@pytest.mark.parametrize("title, expression", QUERIES)
def test_what_a_pushgateway_keeps_is_no_counter(title, expression):
    """`rate` is for the histograms, which only grow within a run, and for counters of Kubernetes; our gauges get `deriv`."""
    for name in re.findall(r"\b(?:rate|increase)\((\w+)", expression):
        assert re.search(r"_(count|sum|bucket|total)$", name)
    for name in re.findall(r"\bderiv\((\w+)", expression):
        assert not re.search(r"_(count|sum|bucket|total)$", name)


@pytest.mark.parametrize("row, panel", PANELS, ids=BY_TITLE["ids"])
def test_every_selector_follows_the_variables(row, panel):
    chosen = ('cronjob=~"$cronjob"', 'job_name=~"$job"', 'pod=~"$pod"') if row == KUBERNETES_ROW else ('pipeline=~"$pipeline"',)
    for target in panel["targets"]:
        selectors = re.findall(r"\b(\w+)(\{[^}]*\})?", re.sub(r'"[^"]*"', lambda text: text[0].replace("{", ""), target["expr"]))
        named = [labels for name, labels in selectors if re.match(r"(pagehaul|push|kube|container)_", name)]
        assert named and all(any(choice in labels for choice in chosen) for labels in named), target["expr"]


def test_every_exit_code_is_put_into_words():
    (panel,) = [panel for _, panel in PANELS if panel["title"] == "Last exit code"]
    (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert {int(code) for code in mapping["options"]} == exit_codes()
    assert all(words["text"].startswith(code) for code, words in mapping["options"].items())
