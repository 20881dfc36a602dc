"""`pagehaul report` in a real browser: complete without a network, readable on a phone, by light and by dark."""

import pathlib

import pytest
from browser import Browser

from harness.pagehaul import DATA, OK
from harness.pipeline import sliced
from harness.recovery import RESUME, release, start_midway

# One browser and one set of runs for all tests of this file.
pytestmark = pytest.mark.xdist_group("report")

CONTRAST = (pathlib.Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
RUNS = ("good", "failing", "resumed", "in progress", "empty")
PHONE, DESK = 360, 1100
SECTIONS = ["completeness", "pages", "latency", "retries", "quarantine", "details"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium = Browser(tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.close()


@pytest.fixture
def report(request, mock_api, db, pagehaul_for, tmp_path):
    """report(kind): the page of such a run, as a file."""
    def make(kind):
        path = tmp_path / f"{kind.replace(' ', '-')}.html"
        {"good": good, "failing": failing, "resumed": resumed, "in progress": in_progress, "empty": empty}[kind](mock_api, db, pagehaul_for, path)
        return path
    return make


def save(runner, path):
    runner.succeed("report", "last", "--html", path)


def good(mock_api, db, pagehaul_for, path):
    runner = pagehaul_for(mock_api(rows=950, dup_rows=[5], faults="503", fault_rate=0.1), db).configure(sliced())
    runner.succeed()
    save(runner, path)


def failing(mock_api, db, pagehaul_for, path):
    api = mock_api(rows=1950, bad_rows=[3, 250, 777], unicode=True, faults="404", fault_pages=[4, 7], fault_forever=True)
    runner = pagehaul_for(api, db).configure(sliced(), run={"quarantine_limit": "50%"})
    assert runner.run().code == DATA
    # What comes from outside: long, without a place to break, and hostile.
    db.query("UPDATE pagehaul.slice SET key = key || ',name=' || repeat('x', 120) WHERE id = 1")
    db.query("UPDATE pagehaul.quarantine SET reason = %s, payload = repeat('y', 9000) WHERE id = 1",
             "<img src=http://127.0.0.1:1/x onerror=alert(1)><script>document.title='hit'</script>" + "z" * 300)
    save(runner, path)


def resumed(mock_api, db, pagehaul_for, path):
    api = mock_api(rows=2950)
    runner = pagehaul_for(api, db)
    start_midway(runner, api, db, env=RESUME).kill9()
    # As if it had been seven hours ago.
    for table, columns in {"worker": ("started_at", "heartbeat_at"), "run": ("created_at", "planned_at"), "page": ("done_at",)}.items():
        db.query(f"UPDATE pagehaul.{table} SET " + ", ".join(f"{c} = {c} - interval '7 hours'" for c in columns))
    release(api)
    runner.succeed(env=RESUME)
    save(runner, path)


def in_progress(mock_api, db, pagehaul_for, path):
    api = mock_api(rows=2950)
    runner = pagehaul_for(api, db)
    running = start_midway(runner, api, db)
    save(runner, path)
    release(api)
    assert running.wait(60) == OK


def empty(mock_api, db, pagehaul_for, path):
    runner = pagehaul_for(mock_api(rows=0), db)
    runner.succeed()
    save(runner, path)


@pytest.mark.parametrize("kind", RUNS)
def test_a_page_is_whole_without_a_network_and_fits_a_phone_and_a_desk_by_light_and_by_dark(browser, report, kind):
    page = report(kind)
    for width in (PHONE, DESK):
        for scheme in ("light", "dark"):
            browser.open(page, width, scheme)
            assert browser.requests() == [page.as_uri()], "it asks for nothing else"
            assert browser.console() == []
            assert browser.run("return document.title").startswith("creative_report, run 1: ")
            shown = browser.run("return [...document.querySelectorAll('section')].map((s) => s.id)")
            assert [s for s in shown if s != "holes"] == SECTIONS and browser.run("return !!document.querySelector('footer')")
            browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            assert browser.run("return document.documentElement.scrollWidth") == width, "the page scrolls sideways"
            seen = browser.run(CONTRAST)
            assert seen["texts"] > 60
            ratio, needed, text = seen["worst"][0]
            assert ratio >= needed, f"{scheme}, {width}: {seen['worst']}"
            browser.screenshot(page.with_name(f"{page.stem}-{width}-{scheme}.png"))


def test_light_and_dark_differ_and_are_what_they_are_called(browser, report):
    page = report("good")
    luma = {}
    for scheme in ("light", "dark"):
        browser.open(page, DESK, scheme)
        colour = browser.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        luma[scheme] = sum(colour) / 3
    assert luma["light"] > 200 and luma["dark"] < 60


def test_charts_have_words_for_those_who_do_not_see_them(browser, report):
    browser.open(report("resumed"))
    drawn = browser.run("return [...document.querySelectorAll('svg[role=img]')].map((s) => s.getAttribute('aria-label') || "
                        "s.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id).textContent).join(' '))")
    assert len(drawn) == 3 and all(len(words) > 20 for words in drawn), drawn
    assert browser.run("return [...document.querySelectorAll('svg:not([role=img])')].every((s) => s.getAttribute('aria-hidden') === 'true')")
    assert browser.run("return document.querySelectorAll('.plot .pause').length") == 1, "the night is cut out"
    assert "7 h 00 min" in browser.run("return document.getElementById('pages').textContent")


def test_tables_name_their_columns_and_rows_and_a_keyboard_reaches_what_scrolls(browser, report):
    browser.open(report("failing"), PHONE)
    assert browser.run("return [...document.querySelectorAll('table')].every((t) => t.caption.textContent && "
                       "[...t.tHead.rows[0].cells].every((c) => c.scope === 'col' && c.textContent))")
    assert browser.run("return [...document.querySelectorAll('tbody tr:not(.why)')].every((r) => r.cells[0].scope === 'row')")
    assert browser.run("return [...document.querySelectorAll('.scroll, pre')].every((e) => e.tabIndex === 0)")
    scrolling = browser.run("return [...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth).length")
    assert scrolling > 0, "a wide table scrolls in its own box"


def test_hostile_text_is_only_text(browser, report):
    browser.open(report("failing"))
    assert browser.run("return document.title").startswith("creative_report")
    assert browser.run("return document.querySelectorAll('script, img').length") == 0
    assert "<script>document.title='hit'</script>" in browser.run("return document.getElementById('quarantine').textContent")


def test_headings_and_links_lead_through_the_page(browser, report):
    browser.open(report("failing"))
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    assert browser.run("return [...document.querySelectorAll('nav a')].every((a) => document.getElementById(a.hash.slice(1)))")
    assert browser.run("return document.documentElement.lang") == "en"
