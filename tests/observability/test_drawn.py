"""The dashboards as somebody sees them: drawn from their JSON and from what Prometheus answers, in a browser."""

import json
import shutil
import urllib.parse

import pytest
from browser import Browser
from conftest import ROOT
from observed import AT_WORK, FAILING, HEALTHY, OVERDUE, RUNS, SLOW

pytestmark = pytest.mark.xdist_group("observed")

PAGE = ROOT / "tests" / "observability" / "page"
RED = "rgb(242, 73, 92)"
BLUE = "rgb(87, 148, 242)"
SHOWN = ("return Object.fromEntries([...document.querySelectorAll('.panel')].map(panel =>"
         " [panel.dataset.title, panel.querySelector('.content').innerText.trim()]))")
LINES = ("return [...document.querySelectorAll('[data-title=\"' + arguments[0] + '\"] tr')].slice(1).map(line =>"
         " Object.fromEntries([...line.querySelectorAll('td')].map(cell => [cell.dataset.column,"
         " {text: cell.innerText, colour: getComputedStyle(cell).color, behind: getComputedStyle(cell).backgroundColor,"
         " link: cell.querySelector('a')?.getAttribute('href') ?? null}])))")
# What does not fit where it stands.
CUT = ("return [...document.querySelectorAll('.stat, .panel h2')].filter(box => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)"
       ".map(box => box.innerText)")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = Browser(tmp_path_factory.mktemp("chromium"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def draw(browser, tmp_path_factory):
    """Draws an opened dashboard; the picture stays in the test's folder."""
    def drawn(opened, unfolded=False, width=1600):
        shutil.copytree(PAGE, directory := tmp_path_factory.mktemp("drawn"), dirs_exist_ok=True)
        held = opened.dashboard.held
        answers = {"dashboard": held, "variables": opened.variables, "began": opened.began,
                   "ended": opened.ended, "unfolded": unfolded, "marks": opened.marks(),
                   "panels": {panel["id"]: {target["refId"]: opened.drawn(target) for target in panel["targets"]} for _, panel in opened.dashboard.panels()}}
        (directory / "answers.js").write_text(f"const ANSWERS = {json.dumps(answers)};\n", encoding="utf-8")
        browser.open(directory / "page.html", width=width)
        browser.screenshot(directory / "picture.png")
        assert browser.console() == []
        return browser

    return drawn


def test_the_overview_is_read_at_a_glance(draw, overview):
    page = draw(overview)
    shown = page.run(SHOWN)
    assert [shown[title] for title in ("Overdue", "Failed", "Gone quiet", "At work", "Not watched", "Pipelines")] == ["1", "2", "0", "1", "1", str(len(RUNS))]
    lines = page.run(LINES, "Pipelines, the worst first")
    assert [line["state"]["text"] for line in lines] == ["overdue", "failed", "failed", "at work", "fresh"]
    named = [(line["namespace"]["text"], line["pipeline"]["text"]) for line in lines]
    assert named[0] == OVERDUE.key and named[3:] == [AT_WORK.key, HEALTHY.key] and set(named[1:3]) == {FAILING.key, SLOW.key}
    assert page.run(CUT) == []


def test_a_run_at_work_is_nowhere_red(draw, overview, pages):
    (line,) = [line for line in draw(overview).run(LINES, "Pipelines, the worst first") if line["pipeline"]["text"] == AT_WORK.name]
    assert line["complete"] == {"text": "at work", "colour": BLUE, "behind": "rgba(0, 0, 0, 0)", "link": None} and line["progress"]["text"].endswith("%")
    assert all(RED not in (cell["colour"], cell["behind"]) for cell in line.values())
    page = draw(pages[AT_WORK.key])
    assert page.run("return document.querySelector('[data-title=Completeness] .stat').innerText") == "at work"
    assert page.run("return [...document.querySelectorAll('.stat')].filter(box => [getComputedStyle(box).color, getComputedStyle(box).backgroundColor]"
                    ".includes(arguments[0])).map(box => box.innerText)", RED) == []


def test_a_line_leads_to_the_page_of_its_own_pipeline(draw, overview):
    for line in draw(overview).run(LINES, "Pipelines, the worst first"):
        to = urllib.parse.urlsplit(line["pipeline"]["link"])
        told = urllib.parse.parse_qs(to.query)
        assert to.path == "/d/pagehaul-pipeline" and told["var-datasource"] == ["datasource"] and told["from"] == ["now-24h"]
        assert [told[f"var-{name}"] for name in ("cluster", "namespace", "pipeline")] == [["eu"], [line["namespace"]["text"]], [line["pipeline"]["text"]]]


@pytest.mark.parametrize("run", [HEALTHY, FAILING, AT_WORK], ids=["healthy", "failing", "at_work"])
def test_a_page_says_how_its_pipeline_is(draw, pages, run):
    shown = draw(pages[run.key]).run(SHOWN)
    expected = {HEALTHY.key: {"State": "fresh", "How the last run ended": "0 succeeded", "Completeness": "100.00%", "Progress": "no run at work"},
                FAILING.key: {"State": "failed", "How the last run ended": "65 data refused", "Since the last success": "never", "Progress": "no run at work"},
                AT_WORK.key: {"State": "at work", "How the last run ended": "none yet", "Completeness": "at work"}}[run.key]
    assert {title: shown[title] for title in expected} == expected
    if run is FAILING:
        assert "answer 404" in shown["Errors of the newest run"] and "pages failed" in shown["Errors of the newest run"]
    if run is AT_WORK:
        assert shown["Progress"].endswith("%") and shown["Time left"] != "no run at work"


def test_nothing_is_cut_off_on_a_laptop(draw, pages):
    for run in (FAILING, AT_WORK):
        assert draw(pages[run.key], width=1280).run(CUT) == []


def test_what_is_folded_up_shows_something_once_it_is_unfolded(draw, pages):
    shown = draw(pages[HEALTHY.key], unfolded=True).run(SHOWN)
    empty = {title for title, text in shown.items() if text == "No data"}
    assert empty == {"Rows by stream", "Slices by stream"}, "it has no streams"
