"""Rows that cannot be stored: kept aside with payload and reason while the rest goes on, up to a limit."""

import json

import pytest

from harness.ending import assert_ended
from harness.fixed_api import FixedApi, record
from harness.oracle import assert_table_equals_oracle
from harness.pipeline import COLUMNS, TABLE, sliced
from harness.waiting import eventually

ROWS = 950


@pytest.fixture
def fixed_api():
    """A function: an API of these records."""
    started = []

    def start(records):
        started.append(FixedApi(records))
        return started[-1]

    yield start
    for api in started:
        api.close()


def quarantined(db, what="page_no, row_no, reason, payload"):
    return db.query(f"SELECT {what} FROM pagehaul.quarantine ORDER BY slice_id, page_no, row_no")


def create_table(db, changes="", **types):
    """The target as pagehaul would create it, but with other types and `changes` of its own."""
    columns = ", ".join(f"{c['name']} {types.get(c['name'], c['type'])}" for c in COLUMNS)
    db.query(f"CREATE SCHEMA report; CREATE TABLE {TABLE} ({columns}, PRIMARY KEY (advertiser_id, date, creativity_id){changes})")


def test_a_row_that_does_not_convert_is_kept_aside_with_its_reason_and_payload(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, bad_rows=[3, 250])
    assert_ended(pagehaul_for(api, db).configure(run={"quarantine_limit": 2}).run(), db, proof="counts",
                 rows=ROWS, stored=ROWS - 2, quarantined=2)
    assert assert_table_equals_oracle(db, api) == 2
    kept = quarantined(db)
    assert [(page, row) for page, row, _, _ in kept] == [(1, 3), (3, 50)]
    assert {reason for _, _, reason, _ in kept} == {
        "column fee: expected a number within numeric's range, got a string `not-a-number`"}
    rows = api.rows()
    assert [json.loads(payload) for *_, payload in kept] == [rows[3], rows[250]]


@pytest.mark.parametrize("limit, bad, over", [
    (3, 3, None), ("0%", 1, "0%, that is 0"), ("0.5%", 5, None), ("0.5%", 6, "0.5%, that is 5"), ("100%", 6, None)])
def test_the_limit_is_judged_by_count_or_by_share_of_the_total(mock_api, db, pagehaul_for, limit, bad, over):
    api = mock_api(rows=1000, bad_rows=[150 * n for n in range(bad)])
    result = pagehaul_for(api, db).configure(run={"quarantine_limit": limit}).run()
    if over is None:
        assert_ended(result, db, quarantined=bad, slices_failed=0)
    else:
        assert_ended(result, db, 65, reason=f"quarantined {bad} of 1000 rows, run.quarantine_limit is {over}", slices_failed=1)
    assert assert_table_equals_oracle(db, api) == bad, "the other rows are stored either way"


@pytest.mark.parametrize("limit, bad", [(0, 1), (3, 4)])
def test_one_row_more_than_a_limit_of_rows_is_65(mock_api, db, pagehaul_for, limit, bad):
    api = mock_api(rows=1000, bad_rows=[150 * n for n in range(bad)])
    result = pagehaul_for(api, db).configure(run={"quarantine_limit": limit}).run()
    assert_ended(result, db, 65, reason=f"run.quarantine_limit is {limit}", slices_failed=1, quarantined=bad)


def sliced_by_kind(fixed_api, answers):
    """An API with a slice for each kind of records, and what a pipeline needs to read it."""
    api = fixed_api([])
    api.asked = []

    def answer(query):
        api.asked.append(query["kind"])
        return api.page(answers[query["kind"]], int(query["page"]), int(query["size"]))

    api.answer = answer
    source = api.source()
    source["slices"] = {"kind": list(answers)}
    source["request"].update(method="GET", body=None)
    source["request"]["query"]["kind"] = "{{ slice.kind }}"
    columns = [{"name": "kind", "type": "text", "value": "{{ slice.kind }}"}, {"name": "id", "type": "bigint"},
               {"name": "n", "type": "bigint"}, {"name": "note", "type": "text", "optional": True}]
    return api, {"source": {**source, "auth": None, "response": None},
                 "sink": {"table": "report.kinds", "key": ["kind", "id"], "columns": columns}}


def test_a_mistaken_type_stops_its_slice_at_the_limit_and_no_other(fixed_api, db, pagehaul_for):
    mistaken = [record(id=i, n=i if i < 450 else "many") for i in range(5000)]
    api, changes = sliced_by_kind(fixed_api, {"mistaken": mistaken, "good": [record(id=i, n=i) for i in range(250)]})
    runner = pagehaul_for(None, db).configure(changes, run={"quarantine_limit": 20, "workers": 2})
    line = assert_ended(runner.run(), db, 65, reason="run.quarantine_limit is 20: the slice was stopped",
                        slices_failed=1, slices_proven=1)
    assert 20 < line["quarantined"] < 2000, "not the whole slice of 4550"
    assert api.asked.count("mistaken") < 30, "of 50 pages"
    assert db.scalar("SELECT count(*) FROM report.kinds WHERE kind = 'good'") == 250


def test_rows_on_their_way_to_the_quarantine_count_in_the_byte_budget(fixed_api, db, pagehaul_for, pushgateway):
    """Pages of 2 MB whose rows all convert wrongly, and a database that takes none of them."""
    pages = 60
    rows = [record(id=i, n="many", note="x" * 20_000) for i in range(100 * pages)]
    api, changes = sliced_by_kind(fixed_api, {"all": rows})
    runner = pagehaul_for(None, db).configure(changes, run={"quarantine_limit": "100%"}, telemetry={
        "pushgateway": {"url": pushgateway.url, "interval": "1s"}})
    runner.succeed("migrate")
    db.query("CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN new; END'; "
             "CREATE TRIGGER slow BEFORE INSERT ON pagehaul.quarantine FOR EACH ROW EXECUTE FUNCTION waits()")
    running = runner.start()
    eventually(lambda: db.page_states().get("done", 0) > 0, 30, "page 1 is stored")
    with db.connect() as blocking, blocking.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
        eventually(lambda: pushgateway.value("pagehaul_buffer_bytes") > 20 << 20, 40, "the buffer is full of them")
        assert len(api.asked) < pages / 2, "the rest waits for room"
        cursor.execute("SELECT pg_advisory_unlock(4711)")
    # 120 MB to be redacted, which takes minutes where nothing is optimised (make coverage).
    assert running.result(timeout=300).code == 0
    assert db.scalar("SELECT count(*) FROM pagehaul.quarantine") == 100 * pages


def test_the_limit_holds_for_each_slice(mock_api, db, pagehaul_for):
    api = mock_api(rows=120, bad_rows=[7])
    assert_ended(pagehaul_for(api, db).configure(sliced(), run={"quarantine_limit": 1}).run(), db, quarantined=4, slices_proven=4)


def test_a_failed_page_never_hides_under_the_limit(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, faults="404", fault_pages=[3], fault_forever=True)
    assert_ended(pagehaul_for(api, db).configure(run={"quarantine_limit": "100%"}).run(), db, 65, pages_failed=1)


def test_undeclared_fields_are_ignored_or_an_error(mock_api, db, pagehaul_for):
    api = mock_api(rows=120)
    runner = pagehaul_for(api, db).configure(sink={"undeclared": "error"}, run={"quarantine_limit": "100%"})
    assert_ended(runner.run(), db, stored=0, quarantined=120)
    (reason,) = {reason for reason, in quarantined(db, "reason")}
    assert "expected one that a column reads (sink.undeclared: error)" in reason
    named = {c["name"] for c in COLUMNS}
    rest = [{"name": name, "type": "text"} for name in api.rows()[0] if name not in named]
    runner.configure(sink={"columns": COLUMNS + rest, "table": "report.whole"})
    assert_ended(runner.run(), db, stored=120, quarantined=0)
    assert_table_equals_oracle(db, api, table="report.whole", columns=COLUMNS + rest)


@pytest.mark.parametrize("optional", [True, False])
def test_an_absent_field_is_null_only_where_it_is_optional(mock_api, db, pagehaul_for, optional):
    api = mock_api(rows=120)
    columns = COLUMNS + [{"name": "note", "type": "text", "optional": optional}]
    result = pagehaul_for(api, db).configure(sink={"columns": columns}, run={"quarantine_limit": "0%"}).run()
    if optional:
        assert_ended(result, db, stored=120)
        assert_table_equals_oracle(db, api, columns=columns)
        assert db.scalar(f"SELECT count(*) FROM {TABLE} WHERE note IS NULL") == 120
    else:
        assert_ended(result, db, 65, stored=0, quarantined=120)
        assert {reason for reason, in quarantined(db, "reason")} == {"column note: expected the field to be there, got nothing"}


def test_nul_characters_are_replaced_and_counted(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, nul=True, unicode=True)
    line = assert_ended(pagehaul_for(api, db).run(), db, stored=ROWS, quarantined=0)
    assert line["nul_replaced"] == sum(row["creativity_name"].count("\0") for row in api.rows()) > 0
    assert_table_equals_oracle(db, api)


@pytest.mark.parametrize("changes, types, refused", [
    (", CONSTRAINT no_threes CHECK (placement <> 3)", {}, lambda row: row["placement"] == 3),
    ("", {"creativity_name": "varchar(12)"}, lambda row: len(row["creativity_name"]) > 12),
], ids=["a-check", "a-length"])
def test_rows_that_the_table_refuses_are_kept_aside_one_by_one(mock_api, db, pagehaul_for, changes, types, refused):
    api = mock_api(rows=350)
    create_table(db, changes, **types)
    bad = [row for row in api.rows() if refused(row)]
    assert 0 < len(bad) < 100
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": "50%"})
    assert_ended(runner.run(), db, proof="counts", rows=350, stored=350 - len(bad), quarantined=len(bad))
    stored = {id_ for id_, in db.query(f"SELECT creativity_id FROM {TABLE}")}
    assert stored == {row["creativity_id"] for row in api.rows() if not refused(row)}
    kept = quarantined(db)
    assert [int(json.loads(payload)["creativity_id"]) for *_, payload in kept] == [row["creativity_id"] for row in bad]
    assert all(reason.startswith("the table refuses the row: ") for _, _, reason, _ in kept)


@pytest.mark.parametrize("objection", [
    "RAISE EXCEPTION 'no threes'", "RAISE EXCEPTION 'no threes' USING ERRCODE = 'check_violation'",
    "RAISE EXCEPTION 'no threes' USING ERRCODE = 'UE001'", "RAISE EXCEPTION 'no threes' USING ERRCODE = '45000'", "ASSERT NEW.placement <> 3",
    "DECLARE one int; BEGIN SELECT 1 INTO STRICT one WHERE NEW.placement <> 3; END"],
    ids=["raise", "raise-check-violation", "raise-a-state-of-its-own", "raise-45000", "assert", "strict"])
def test_rows_that_a_trigger_objects_to_are_kept_aside_one_by_one(mock_api, db, pagehaul_for, objection):
    api = mock_api(rows=350)
    create_table(db)
    db.query(f"CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.placement = 3 THEN {objection}; END IF; "
             f"RETURN NULL; END$$; CREATE TRIGGER objects AFTER INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION object()")
    bad = [row["creativity_id"] for row in api.rows() if row["placement"] == 3]
    assert 0 < len(bad) < 100
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": "50%"})
    assert_ended(runner.run(), db, proof="counts", stored=350 - len(bad), quarantined=len(bad))
    assert [int(json.loads(payload)["creativity_id"]) for *_, payload in quarantined(db)] == bad


def test_a_page_with_more_than_32_refused_rows_is_kept_aside_whole(mock_api, db, pagehaul_for):
    api = mock_api(rows=100)
    create_table(db, ", CHECK (placement > 3)")
    assert_ended(pagehaul_for(api, db).configure(run={"quarantine_limit": "100%"}).run(), db, stored=0, quarantined=100)
    assert db.scalar(f"SELECT count(*) FROM {TABLE}") == 0
    assert all("more than 32 rows refused" in reason for reason, in quarantined(db, "reason"))


def test_an_error_that_every_row_meets_is_no_matter_of_rows(mock_api, db, pagehaul_for):
    api = mock_api(rows=350)
    create_table(db, ", CHECK (placement > 100)")
    assert_ended(pagehaul_for(api, db).configure(run={"quarantine_limit": "100%"}).run(), db, 65,
                 reason="every row of a page meets the same error", stored=0, quarantined=0)


def test_another_unique_index_is_65(mock_api, db, pagehaul_for):
    api = mock_api(rows=350)
    create_table(db, ", UNIQUE (campaign_id)")
    assert_ended(pagehaul_for(api, db).configure(run={"quarantine_limit": "100%"}).run(), db, 65,
                 reason="another unique index of the table refuses rows that differ in the key")


def test_retry_pulls_just_the_slices_with_quarantined_rows(mock_api, db, pagehaul_for):
    api = mock_api(rows=120, bad_rows=[7, 110])
    runner = pagehaul_for(api, db).configure(sliced(), run={"quarantine_limit": 2})
    assert_ended(runner.run("run", "--set", "source.slices.date.to=2026-11-01"), db, slices_proven=2, quarantined=4)
    api.set(bad_rows=[])
    assert_ended(runner.run("run", "--set", "source.slices.date.from=2026-11-02"), db, slices_proven=2, quarantined=0)
    api.clear_log()
    assert_ended(runner.run("retry"), db, slices_proven=2, rows=240, quarantined=0)
    assert {entry["date"] for entry in api.log()} == {"2026-11-01"}
    assert_table_equals_oracle(db, api, slices=[
        {"advertiser_id": a, "date": d} for d in ("2026-11-01", "2026-11-02") for a in ("1001", "1002")])
    api.clear_log()
    again = runner.run("retry")
    assert again.code == 0 and "nothing to retry" in again.stderr and api.log() == []


def test_retry_pulls_a_slice_that_failed_for_its_quarantine(mock_api, db, pagehaul_for):
    api = mock_api(rows=ROWS, bad_rows=[7])
    runner = pagehaul_for(api, db)
    assert_ended(runner.run(), db, 65, reason="run.quarantine_limit is 0")
    api.set(bad_rows=[])
    assert_ended(runner.run("retry"), db, rows=ROWS, quarantined=0)
    assert_table_equals_oracle(db, api)
