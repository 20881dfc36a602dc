"""The dashboards' JSON, without a server: what a Grafana needs that was never seen by whoever wrote it."""

import json
import re
import subprocess
import sys
import urllib.parse

import pytest
from conftest import ROOT
from grafana import FOLDER, UIDS, Dashboard

OVERVIEW, PAGE = BOTH = [Dashboard(uid) for uid in UIDS]
ALIKE = pytest.mark.parametrize("board", BOTH, ids=UIDS)
PANELS = [(board, row, panel) for board in BOTH for row, panel in board.panels()]
EACH = {"argvalues": PANELS, "ids": [f"{board.held['uid']} {row}: {panel['title']}" for board, row, panel in PANELS]}
QUERIES = [(panel["title"], target["expr"]) for _, _, panel in PANELS for target in panel["targets"]]
KUBERNETES_ROW = "Kubernetes"
# Units of Grafana that the dashboards use; one that it does not know would be shown as it is written.
UNITS = {"s", "percentunit", "none", "short", "ops", "reqps", "bytes", "dateTimeFromNow"}


def exit_codes():
    """The numbers that the program may end with."""
    source = (ROOT / "src" / "core" / "exit_code.h").read_text()
    return {int(number) for number in re.findall(r"^    \w+ = (\d+),$", source, re.M)}


def test_they_are_what_their_declaration_makes():
    subprocess.run([sys.executable, FOLDER / "dashboard.py", "--check"], check=True)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(UIDS)


@ALIKE
def test_it_has_a_uid_of_its_own_so_that_links_to_it_stay(board):
    assert board.held["uid"] == board.file.stem
    assert "id" not in board.held, "an id is the database's of one Grafana"


@ALIKE
def test_its_variables_choose_the_data_source_then_cluster_namespace_and_pipeline(board):
    assert list(board.variables)[:4] == ["datasource", "cluster", "namespace", "pipeline"]
    assert (board.variables["datasource"]["type"], board.variables["datasource"]["query"]) == ("datasource", "prometheus")
    asked = [variable for variable in board.variables.values() if variable["type"] == "query"]
    assert all(variable["datasource"]["uid"] == "${datasource}" for variable in asked)


def test_the_overview_shows_all_at_first_those_without_a_cluster_or_namespace_too():
    for name in ("cluster", "namespace", "pipeline"):
        variable = OVERVIEW.variables[name]
        assert variable["multi"] and variable["includeAll"] and variable["allValue"] == ".*" and variable["current"]["value"] == ["$__all"]


def test_a_page_shows_one_pipeline():
    for name in ("cluster", "namespace", "pipeline"):
        assert not PAGE.variables[name]["multi"] and not PAGE.variables[name]["includeAll"]


def links_of(board):
    """The addresses of all links, above the panels and in them."""
    found = [link["url"] for link in board.held["links"]]
    for _, panel in board.panels():
        config = panel["fieldConfig"]
        found += [link["url"] for link in config["defaults"].get("links", [])]
        found += [link["url"] for override in config["overrides"] for item in override["properties"] if item["id"] == "links" for link in item["value"]]
    return found


def test_the_two_lead_to_each_other_and_pass_on_what_was_chosen():
    to_page = [url for url in links_of(OVERVIEW) if url.startswith("/d/")]
    assert [url.split("?")[0] for url in to_page] == [f"/d/{PAGE.held['uid']}"]
    for name in ("cluster", "namespace", "pipeline"):
        assert f"var-{name}=${{__data.fields.{name}}}" in to_page[0]
    assert "${datasource:queryparam}" in to_page[0] and "${__url_time_range}" in to_page[0]
    (back,) = [url for url in links_of(PAGE) if url.startswith("/d/")]
    assert back.split("?")[0] == f"/d/{OVERVIEW.held['uid']}"
    assert all(f"${{{name}:queryparam}}" in back for name in ("datasource", "cluster", "namespace"))


def test_a_page_leads_to_runbook_logs_and_traces():
    runbook, logs, traces = (link["url"] for link in PAGE.held["links"] if link["title"] in ("Runbook", "Logs", "Traces"))
    assert runbook == "https://git.example.com/pagehaul/deploy/README.md#alerts"
    for url, kind, asks in ((logs, "loki", '| json | pipeline="${pipeline}"'), (traces, "tempo", 'span.pagehaul.pipeline = "${pipeline}"')):
        told = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        (pane,) = json.loads(told["panes"][0]).values()
        (query,) = pane["queries"]
        assert query["datasource"]["type"] == kind and pane["datasource"] == query["datasource"]["uid"]
        assert asks in query.get("expr", query.get("query")) and pane["range"] == {"from": "${__from}", "to": "${__to}"}


@ALIKE
def test_every_link_into_the_guide_is_one_that_the_chart_can_turn_elsewhere(board):
    assert all(url.startswith(("/d/", "/explore?", "https://git.example.com/pagehaul/deploy/README.md#")) for url in links_of(board))


@ALIKE
def test_no_variable_is_used_that_is_not_declared_and_none_is_declared_for_nothing(board):
    used = set(re.findall(r"\$\{?([a-z]\w*)", board.file.read_text()))
    assert used == set(board.variables)


def test_a_page_opens_with_what_is_looked_at_first_and_folds_up_the_rest():
    folded = {panel["title"]: panel["collapsed"] for panel in PAGE.held["panels"] if panel["type"] == "row"}
    assert folded == {"Is the data fresh and complete?": False, "Runs": False, "Streams": True, "API": True, "Inside": True, "Workers": True,
                      KUBERNETES_ROW: True}


def test_each_annotation_stands_at_the_time_of_a_run():
    for annotation in PAGE.held["annotations"]["list"]:
        assert annotation["useValueForTime"] and " * 1000" in annotation["expr"], "Grafana counts in ms"


@ALIKE
def test_ids_and_titles_are_unique(board):
    ids = [panel["id"] for panel in board.held["panels"]] + [inner["id"] for row in board.held["panels"] for inner in row.get("panels", ())]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for _, panel in board.panels()]
    assert len(titles) == len(set(titles))


@ALIKE
def test_no_panel_covers_another_and_none_leaves_the_grid(board):
    # A row that is folded up keeps its panels to itself, where they do not move those behind it.
    for shown in ([panel for panel in board.held["panels"]], *([row, *row["panels"]] for row in board.held["panels"] if row.get("panels"))):
        taken = {}
        for panel in shown:
            at = panel["gridPos"]
            assert at["x"] >= 0 and at["x"] + at["w"] <= 24 and at["w"] > 0 and at["h"] > 0, panel["title"]
            for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                assert taken.setdefault(cell, panel["title"]) == panel["title"], f"{panel['title']} covers {taken[cell]}"


@ALIKE
def test_every_row_of_the_grid_is_filled_to_its_end(board):
    """A gap looks like a panel that failed to load; the last line of a row may end early."""
    by_line = {}
    for row, panel in board.panels():
        by_line.setdefault((row, panel["gridPos"]["y"]), []).append(panel["gridPos"])
    for (row, y), places in by_line.items():
        last = max(other for title, other in by_line if title == row)
        assert len({at["h"] for at in places}) == 1, f"{row}: panels side by side differ in height"
        assert y == last or sum(at["w"] for at in places) == 24, f"{row}: line {y} is not full"


def test_the_first_line_answers_in_one_look():
    for board, expected in ((OVERVIEW, ["Overdue", "Failed", "Gone quiet", "At work", "Not watched", "Pipelines"]),
                            (PAGE, ["State", "Of its interval", "Since the last success", "Progress", "Time left", "How the last run ended"])):
        first = [panel for _, panel in board.panels() if panel["gridPos"]["y"] == 1]
        assert [panel["title"] for panel in first] == expected


@pytest.mark.parametrize("board, row, panel", **EACH)
def test_every_panel_explains_itself(board, row, panel):
    assert panel["title"] and len(panel["description"]) > 20 and panel["description"].endswith(".")


@pytest.mark.parametrize("board, row, panel", **EACH)
def test_every_panel_has_a_unit_that_grafana_knows(board, row, panel):
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    said = [item["value"] for override in panel["fieldConfig"]["overrides"] for item in override["properties"] if item["id"] == "unit"]
    assert set(said) <= UNITS


@pytest.mark.parametrize("board, row, panel", **EACH)
def test_every_query_asks_the_chosen_data_source(board, row, panel):
    assert panel["targets"]
    for asked in (panel, *panel["targets"]):
        assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    references = [target["refId"] for target in panel["targets"]]
    assert len(references) == len(set(references))


@pytest.mark.parametrize("board, row, panel", **EACH)
def test_every_series_is_named(board, row, panel):
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


@pytest.mark.parametrize("board, row, panel", **EACH)
def test_every_selector_follows_the_variables(board, row, panel):
    place = ('cluster=~"$cluster"', 'namespace=~"$namespace"') if board is OVERVIEW else ('cluster="$cluster"', 'namespace="$namespace"')
    own = 'pipeline=~"$pipeline"' if board is OVERVIEW else 'pipeline="$pipeline"'
    not_watched = OVERVIEW.panel("CronJobs that push nothing")["targets"][0]["expr"]
    for target in panel["targets"]:
        selectors = re.findall(r"\b([\w:]+)(\{[^}]*\})?", re.sub(r'"[^"]*"', lambda text: text[0].replace("{", ""), target["expr"]))
        named = [(name, labels) for name, labels in selectors if re.match(r"pagehaul:|(pagehaul|push|kube|container)_|ALERTS$", name)]
        assert named and all(part in labels for _, labels in named for part in place), target["expr"]
        if row == KUBERNETES_ROW:
            assert all(any(choice in labels for choice in ('cronjob=~"$cronjob"', 'job_name=~"$job"', 'pod=~"$pod"')) for _, labels in named)
        else:
            # Of CronJobs that push nothing nobody knows a pipeline.
            assert all(own in labels for name, labels in named if re.match("pagehaul[_:]|push_", name) and not_watched not in target["expr"]), target["expr"]


def test_the_row_kubernetes_is_about_the_cronjob_that_the_pipeline_names():
    assert PAGE.variables["cronjob"]["query"]["query"] == \
        'label_values(pagehaul:info{cluster="$cluster", namespace="$namespace", pipeline="$pipeline"}, cronjob)'


def test_completeness_has_a_word_for_a_run_at_work():
    """And no colour of a threshold: it is not whole yet, and nothing is wrong."""
    (override,) = [held for held in OVERVIEW.panel("Pipelines, the worst first")["fieldConfig"]["overrides"] if held["matcher"]["options"] == "complete"]
    ((_, table),) = [(item["id"], item["value"]) for item in override["properties"] if item["id"] == "mappings"]
    for mappings in (table, PAGE.panel("Completeness")["fieldConfig"]["defaults"]["mappings"]):
        assert mappings[0]["options"]["-1"] == {"text": "at work", "color": "blue", "index": 0}


def test_every_exit_code_is_put_into_words():
    (mapping,) = PAGE.panel("How the last run ended")["fieldConfig"]["defaults"]["mappings"]
    assert {int(code) for code in mapping["options"]} == exit_codes()
    assert all(words["text"].startswith(code) for code, words in mapping["options"].items())


def test_overdue_is_what_the_alert_says():
    told = re.findall(r"(\d+)s? +# slack", (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
    assert len(told) == 3 and {board.variables["slack"]["query"] for board in BOTH} == set(told)
