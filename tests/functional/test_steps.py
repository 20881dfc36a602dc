"""What an older run left, or has appended, in windows of other bounds than those that are asked for now."""

import datetime

import pytest

from harness.ending import assert_ended, lines
from harness.pipeline import TABLE

FIRST = datetime.date(2026, 11, 9)  # a Monday


class Week:
    """A row a day, id its number. `refuses`: windows of more days than one."""

    def __init__(self):
        self.refuses = True

    def __call__(self, asked):
        query = dict(asked.query)
        first, last = (datetime.date.fromisoformat(query[name]) for name in ("from", "to"))
        if self.refuses and first != last:
            return 400, {}, {"error": "a day at most"}
        days = range((first - FIRST).days, (last - FIRST).days + 1)
        return {"rows": [{"id": day} for day in days], "total": len(days)}


@pytest.fixture
def week():
    return Week()


@pytest.fixture
def steps(pulling, week):
    """A function: steps(step, first day, last day, mode) is a runner that asks for them so; each call changes the same pipeline."""
    _, runner = pulling(week, records="/rows", pagination={"type": "page_number", "size": 100, "total": {"rows": "/total"}},
                        request={"path": "/rows", "query": {"page": "{{ page.number }}", "from": "{{ slice.d }}", "to": "{{ slice.d_end }}"}})

    def asked(step, first=0, last=6, mode="upsert"):
        runner.pipeline["source"]["slices"] = {"d": {"from": str(FIRST + datetime.timedelta(first)),
                                                     "to": str(FIRST + datetime.timedelta(last)), "step": step, "zone": "UTC"}}
        return runner.configure(sink={"mode": mode, "key": ["id"] if mode == "upsert" else None})

    return asked


def stored(db):
    return [day for day, in db.query(f"SELECT id FROM {TABLE} ORDER BY id")]


@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_a_window_that_failed_is_covered_by_those_that_ask_for_all_of_it(steps, db, mode):
    assert_ended(steps("7d", mode=mode).run(), db, 65)
    assert_ended(steps("1d", mode=mode).run(), db, proof="counts", slices_proven=7, slices_left=0)
    assert stored(db) == [*range(7)]
    assert db.query("SELECT count(*) FROM pagehaul.slice WHERE state IN ('open', 'failed') AND taken_over_by IS NULL") == [(0,)]


@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_one_that_is_asked_for_in_part_stays_left_and_is_named(steps, db, mode):
    assert_ended(steps("7d", mode=mode).run(), db, 65)
    result = steps("1d", first=4, mode=mode).run()
    assert_ended(result, db, proof="counts", slices_proven=3)
    assert stored(db) == [4, 5, 6]
    key = "d=2026-11-09+7d"
    (told,) = [str(list(line.values())) for line in result.log if key in str(line) and line["level"] == "warn"]
    assert "other slices ask for a part of its window now" in told and f'pagehaul abandon "{key}"' in told
    assert key in steps("1d", first=4, mode=mode).succeed("status").stdout


def test_what_was_appended_in_other_steps_is_not_appended_again(steps, week, db):
    week.refuses = False
    assert_ended(steps("7d", mode="append").run(), db)
    result = steps("1d", first=5, last=8, mode="append").run()
    assert result.code == 78, str(result)
    assert "source.slices: run 1 has appended slice d=2026-11-09+7d" in result.stderr
    assert stored(db) == [*range(7)]
    assert_ended(steps("1d", first=7, last=8, mode="append").run(), db, slices_proven=2)
    assert stored(db) == [*range(9)]


def test_of_other_modes_the_newest_steps_are_right(steps, week, db):
    week.refuses = False
    assert_ended(steps("7d").run(), db)
    assert_ended(steps("1d", first=5, last=8).run(), db, slices_proven=4)
    assert stored(db) == [*range(9)]
    assert not lines(steps("1d", first=5, last=8).run(), "page failed")
