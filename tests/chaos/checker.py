"""What must be true when a story is over. Each check says in its message what is broken."""

from collections import Counter

import audit
from harness.ending import assert_ledger_consistent, summary
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import TABLE
from harness.recovery import wait_backends_gone

VERDICTS = {0: ("succeeded",), 65: ("failed",), 78: ("failed",), 69: ("incomplete",), 75: ("incomplete",), 130: ("stopped",), 143: ("stopped",)}
# A helper succeeds as well where there is no run to help, or no page for it.
OF_A_HELPER = ("nothing due", "idle")
# Drain (2 s), the writers' flush (5 s), and what else a stop may take on a busy machine.
LONGEST_STOP = 15


def check(scenario, world, story):
    """Raises AssertionError for the first thing that is not so."""
    bad = assert_table_equals_oracle(world.db, world.api, slices=world.slices)
    assert scenario.expected == 65 or bad == 0 or scenario.quarantine_limit == "100%", f"{bad} bad rows, and the run succeeded"
    if scenario.expected == 0:
        assert_ledger_consistent_but_for_the_killed(world.db)
    audit.check(world.db)
    _every_page_once_an_epoch(world.db)
    _nobody_writes_after_his_run(world.db)
    _asked_with_cause(scenario, world, story)


def check_between(world):
    """Between two rounds nobody works: what is in the table is what the ledger says is stored, no row more and none less.

    Only while there is one run and each slice's first pass: later ones store the same keys again."""
    db = world.db
    wait_backends_gone(db)
    if not db.relation_exists("pagehaul.page") or not db.relation_exists(TABLE):
        return
    audit.check(db)
    again = db.scalar("SELECT (SELECT count(*) FROM pagehaul.run) > 1 OR EXISTS (SELECT FROM pagehaul.slice WHERE pass > 1)")
    if again:
        return
    rows = db.scalar(f"SELECT count(*) FROM {TABLE}")
    there = "true" if world.scenario.mode == "upsert" else "slice_id IN (SELECT id FROM pagehaul.slice WHERE state = 'proven')"
    stored = db.scalar(f"SELECT coalesce(sum(stored), 0)::int FROM pagehaul.page WHERE state = 'done' AND {there}")
    assert rows == stored, f"the table has {rows} rows, the ledger's pages have stored {stored}"


def check_verdicts(scenario, story):
    """The words of each process agree with its exit code, and a success is one."""
    for ended in (e for round_ in story.ended for e in round_):
        code = ended.result.code
        if code in (137,) or not any(line.get("msg") == "summary" for line in ended.result.log):
            continue
        line = summary(ended.result)
        if ended.verb == "work" and code == 0 and line["verdict"] in OF_A_HELPER:
            assert line["verdict"] != "idle" or len(round_of(ended, story)) > 1, f"a helper left a run to nobody: {line}"
            continue
        # Another run has published all that there is.
        if scenario.mode == "append" and code == 0 and line["verdict"] == "nothing due":
            continue
        assert line["exit_code"] == code and line["verdict"] in VERDICTS.get(code, ()), f"exit {code}, summary {line}"
        assert code != 0 or scenario.expected == 0, f"succeeded where rows are missing: {line}"
    for ended in (e for round_ in story.ended for e in round_ if e.drain is not None):
        assert ended.drain < LONGEST_STOP, f"SIGTERM to end took {ended.drain:.1f} s"


def round_of(ended, story):
    return next(round_ for round_ in story.ended if ended in round_)


def assert_ledger_consistent_but_for_the_killed(db):
    """A killed process never says goodbye; the next one judges it dead."""
    db.query("UPDATE pagehaul.worker SET stopped_at = clock_timestamp() WHERE stopped_at IS NULL")
    db.query("UPDATE pagehaul.pipeline_lock SET run_id = NULL WHERE run_id IN (SELECT id FROM pagehaul.run WHERE state <> 'running')")
    db.query("DELETE FROM pagehaul.page WHERE run_id IN (SELECT id FROM pagehaul.run WHERE state = 'superseded')")
    db.query("DELETE FROM pagehaul.slice WHERE run_id IN (SELECT id FROM pagehaul.run WHERE state = 'superseded')")
    assert_ledger_consistent(db)


def _every_page_once_an_epoch(db):
    twice = db.query("SELECT t.slice_id, t.pass, t.pages, p.pages FROM (SELECT slice_id, pass, sum(pages) AS pages FROM pagehaul.tally "
                     "GROUP BY 1, 2) t JOIN (SELECT slice_id, pass, count(*) AS pages FROM pagehaul.page WHERE state = 'done' AND no > 0 "
                     "GROUP BY 1, 2) p USING (slice_id, pass) WHERE t.pages <> p.pages")
    assert not twice, f"commits (slice, pass, committed, done) are not the pages that are done: {twice[:3]}"


def _nobody_writes_after_his_run(db):
    late = db.query("SELECT p.run_id, p.slice_id, p.no, p.done_at - r.finished_at FROM pagehaul.page p JOIN pagehaul.run r ON r.id = p.run_id "
                    "WHERE p.done_at > r.finished_at")
    assert not late, f"pages (run, slice, page, after) were stored when their run was over: {late[:3]}"


def _asked_with_cause(scenario, world, story):
    """A page is asked once, once more for each thing that may have lost it, and page 1 and those behind the end by each proof."""
    starts = sum(len(round_) for round_ in story.ended)
    asked = Counter((e["advertiser_id"], e["date"], e["page"]) for e in world.api.log())
    causes = starts + 2 * len(story.faults.struck) + scenario.api.get("fault_tries", 0)
    # A pass more, for whatever reason, is every page once more; a fresh start, or a new key, a run more.
    passes = world.db.scalar("SELECT coalesce(sum(pass), 1) FROM pagehaul.slice") if not world.clock_jumped else 10 + starts
    most = causes * max(1, passes) + 4
    often = {page: times for page, times in asked.items() if times > most}
    assert not often, f"asked more than {most} times without cause: {often}"
    if not story.ended or starts > 1 or story.faults.struck or scenario.api.get("fault_rate"):
        return
    again = {page: times for page, times in asked.items() if times > 1 + (page[2] == 1 or times == 2 and page[2] > scenario.pages)}
    assert not again or scenario.api.get("total") == "none", f"asked again though nothing went wrong: {again}"
