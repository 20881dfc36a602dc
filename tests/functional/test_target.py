"""The target table: made when missing, used when it fits, and every misfit said plainly with 78 before a request is sent."""

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG
from harness.pipeline import COLUMNS

KEY = ("advertiser_id", "date", "creativity_id")


def create(db, *, key="PRIMARY KEY (advertiser_id, date, creativity_id)", types=None, omit=(), extra=(), kind="TABLE"):
    """report.creative by hand; types: {column: type} that differ from the config's."""
    types = types or {}
    columns = [f"{c['name']} {types.get(c['name'], c['type'])}" for c in COLUMNS if c["name"] not in omit]
    db.query("CREATE SCHEMA IF NOT EXISTS report")
    db.query(f"CREATE {kind} report.creative ({', '.join([*columns, *extra, *([key] if key else [])])})")


def assert_refused(pagehaul, api, *said):
    """By `run` before any request, and in the same words by `check`."""
    result = pagehaul.run()
    assert result.code == CONFIG, str(result)
    reason = next(line for line in result.log if line["msg"] == "summary")["reason"]
    told = pagehaul.run("check").stdout
    for text in said:
        assert text in reason and text in told, (reason, told)
    assert {entry["page"] for entry in api.log()} <= {1} and len(api.log()) <= 1, "more than check's request"


def test_schema_table_and_key_are_made_when_missing(pagehaul, api, db):
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)
    types = dict(db.query("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                          "WHERE attrelid = 'report.creative'::regclass AND attnum > 0"))
    assert types == {c["name"]: c["type"].replace("timestamp", "timestamp without time zone") for c in COLUMNS}
    (definition,) = db.query("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'report.creative'::regclass AND contype = 'p'")
    assert definition == ("PRIMARY KEY (advertiser_id, date, creativity_id)",)


def test_a_second_run_changes_nothing_of_the_table(pagehaul, db):
    pagehaul.succeed()
    before = db.query("SELECT sum(xmin::text::bigint), max(ctid), 'report.creative'::regclass::oid FROM report.creative")
    pagehaul.succeed()
    assert db.query("SELECT sum(xmin::text::bigint), max(ctid), 'report.creative'::regclass::oid FROM report.creative") == before


def keyless(db):
    """The table with a unique index on the key that does not count: rows may be deleted softly."""
    create(db, key=None, extra=["deleted_at timestamptz"])
    db.query("ALTER TABLE report.creative " + ", ".join(f"ALTER {name} SET NOT NULL" for name in KEY))
    db.query(f"CREATE UNIQUE INDEX living ON report.creative ({', '.join(KEY)}) WHERE deleted_at IS NULL")


def unique_indexes(db):
    return db.scalar("SELECT count(*) FROM pg_index WHERE indrelid = 'report.creative'::regclass AND indisunique")


def test_a_table_without_the_unique_index_is_left_alone_and_the_statement_told(pagehaul, api, db):
    keyless(db)
    assert_refused(pagehaul, api, "living does not serve: it is partial", "CREATE UNIQUE INDEX ON", "sink.ddl: allow")
    assert unique_indexes(db) == 1


def test_with_ddl_allowed_it_gets_the_index_that_check_has_told_of(pagehaul, api, db):
    keyless(db)
    pagehaul.configure(sink={"ddl": "allow"})
    assert 'CREATE UNIQUE INDEX ON "report"."creative" ("advertiser_id", "date", "creativity_id");' in pagehaul.succeed("check").stdout
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)
    assert unique_indexes(db) == 2


def test_check_tells_the_statements_that_make_a_missing_table(pagehaul, db):
    told = pagehaul.succeed("check").stdout
    assert 'CREATE SCHEMA "report";' in told and 'CREATE TABLE "report"."creative" (' in told
    db.query(told[told.index("CREATE SCHEMA"):].splitlines()[0])
    assert "report.creative fits" in pagehaul.succeed("check").stdout


def test_a_table_whose_name_differs_in_case_alone_is_named_and_none_made_beside_it(pagehaul, api, db):
    db.query('CREATE SCHEMA report; CREATE TABLE report."Creative" (id bigint)')
    assert_refused(pagehaul, api, 'report."Creative"', 'table: "report.Creative"', "sink.ddl: allow")
    assert not db.relation_exists("report.creative")
    pagehaul.configure(sink={"ddl": "allow"}).succeed()
    assert_table_equals_oracle(db, api)


def test_a_fitting_table_with_more_columns_and_wider_types_is_used(pagehaul, api, db):
    create(db, types={"placement": "bigint", "note_id": "varchar", "campaign_id": "numeric"},
           extra=["loaded_at timestamptz NOT NULL DEFAULT now()", "remark text"])
    pagehaul.succeed()
    assert_table_equals_oracle(db, api)
    assert db.scalar("SELECT count(loaded_at) FROM report.creative") == 1000


def test_rows_that_are_in_the_table_stay_and_equal_keys_are_merged(pagehaul, api, db):
    create(db)
    first = api.rows()[0]
    db.query("INSERT INTO report.creative (advertiser_id, date, creativity_id, fee) VALUES (%s, %s, %s, -1), (1, '2020-01-01', 1, 5)",
             first["advertiser_id"], first["date"], first["creativity_id"])
    pagehaul.succeed()
    assert db.scalar("SELECT count(*) FROM report.creative") == 1001
    assert db.scalar("SELECT fee FROM report.creative WHERE date = '2020-01-01'") == 5
    assert db.scalar("SELECT count(*) FROM report.creative WHERE fee = -1") == 0


def test_a_missing_column_is_told_with_the_statement_that_adds_it(pagehaul, api, db):
    create(db, omit=["fee"])
    assert_refused(pagehaul, api, "sink.columns[7] fee", 'ALTER TABLE "report"."creative" ADD COLUMN "fee" numeric')


def test_a_wrong_type_is_told_with_both_types(pagehaul, api, db):
    create(db, types={"fee": "integer"})
    assert_refused(pagehaul, api, "sink.columns[7] fee", "integer", "numeric")


def test_all_misfits_are_told_at_once(pagehaul, api, db):
    create(db, types={"fee": "integer"}, omit=["ctr"], extra=["must numeric NOT NULL"])
    assert_refused(pagehaul, api, "fee: the table has integer", 'ADD COLUMN "ctr"', '"must" of the table is NOT NULL')


def test_an_index_that_rows_with_equal_keys_forbid_is_told(pagehaul, api, db):
    create(db, key=None)
    db.query("ALTER TABLE report.creative " + ", ".join(f"ALTER {name} SET NOT NULL" for name in KEY))
    db.query("INSERT INTO report.creative (advertiser_id, date, creativity_id) SELECT 1, '2020-01-01', 1 FROM generate_series(1, 2)")
    result = pagehaul.configure(sink={"ddl": "allow"}).run()
    assert result.code == CONFIG and "is sink.key complete?" in result.stderr, str(result)


@pytest.mark.parametrize("key, said", [
    ("UNIQUE (advertiser_id, date)", "no unique index on exactly"),
    ("UNIQUE (advertiser_id, date, creativity_id) DEFERRABLE", "it is deferrable"),
], ids=["on_other_columns", "deferrable"])
def test_without_a_fitting_unique_index_a_role_that_may_not_make_one_is_told_the_statement(
        pagehaul, api, db, postgres, role, key, said):
    create(db, key=key)
    db.query("ALTER TABLE report.creative " + ", ".join(f"ALTER {name} SET NOT NULL" for name in KEY))
    db.query(f"GRANT USAGE ON SCHEMA report TO {role}; GRANT SELECT, INSERT, UPDATE ON report.creative TO {role}; "
             f"GRANT CREATE ON DATABASE {db.name} TO {role}")
    pagehaul.env["DATABASE_URL"] = db.dsn_through(postgres.host, postgres.port, user=role)
    assert_refused(pagehaul, api, said, "CREATE UNIQUE INDEX ON")


def test_a_nullable_key_column_is_told(pagehaul, api, db):
    create(db, key="UNIQUE (advertiser_id, date, creativity_id)")
    assert_refused(pagehaul, api, "must be NOT NULL", 'ALTER COLUMN "creativity_id" SET NOT NULL')


def test_a_not_null_column_that_nobody_fills_is_told(pagehaul, api, db):
    create(db, extra=["must text NOT NULL"])
    assert_refused(pagehaul, api, '"must"', "NOT NULL without a default")


def test_a_view_is_told(pagehaul, api, db):
    create(db)
    db.query("ALTER TABLE report.creative RENAME TO behind; CREATE VIEW report.creative AS SELECT * FROM report.behind")
    assert_refused(pagehaul, api, "is a view, expected a table")


@pytest.mark.parametrize("statement, said", [
    ("ALTER TABLE report.creative ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
    ("ALTER TABLE report.creative SET UNLOGGED", "SET LOGGED"),
    ("CREATE RULE quiet AS ON INSERT TO report.creative DO INSTEAD NOTHING", "quiet"),
], ids=["row_security", "unlogged", "rule"])
def test_what_may_hide_lose_or_change_rows_is_told(pagehaul, api, db, statement, said):
    create(db)
    db.query(statement)
    assert_refused(pagehaul, api, "sink.table", said)


def test_a_trigger_before_the_row_that_leaves_its_key_alone_is_no_misfit(pagehaul, api, db):
    create(db, extra=["stored_at timestamptz"])
    db.query("CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.stored_at := now(); RETURN NEW; END';"
             "CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON report.creative FOR EACH ROW EXECUTE FUNCTION stamp()")
    pagehaul.succeed()
    stamps = db.query("SELECT creativity_id, stored_at FROM report.creative ORDER BY 1")
    assert len(stamps) == 1000 and all(stamp for _, stamp in stamps)
    pagehaul.succeed()
    assert db.query("SELECT creativity_id, stored_at FROM report.creative ORDER BY 1") == stamps, "equal rows were written again"


@pytest.mark.parametrize("body", ["RETURN NULL", "NEW.creativity_id := -NEW.creativity_id; RETURN NEW"],
                         ids=["suppresses rows", "changes their key"])
def test_one_that_does_not_is_seen_by_the_first_commit(pagehaul, api, db, body):
    create(db)
    db.query(f"CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body}; END';"
             "CREATE TRIGGER odd BEFORE INSERT ON report.creative FOR EACH ROW EXECUTE FUNCTION odd()")
    result = pagehaul.run()
    assert result.code == CONFIG and "a BEFORE trigger of the table" in result.stderr, str(result)
    assert db.scalar("SELECT count(*) FROM report.creative") == 0


def test_a_trigger_after_the_row_is_no_misfit(pagehaul, api, db):
    create(db)
    db.query("CREATE TABLE seen (id bigint); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN INSERT INTO seen VALUES (NEW.creativity_id); RETURN NULL; END';"
             "CREATE TRIGGER noted AFTER INSERT ON report.creative FOR EACH ROW EXECUTE FUNCTION note()")
    pagehaul.succeed()
    assert db.scalar("SELECT count(*) FROM seen") == 1000


def test_a_nondeterministic_collation_of_a_key_is_told(pagehaul, api, db):
    db.query("CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    create(db, types={"note_id": "text COLLATE nocase"}, key="PRIMARY KEY (advertiser_id, date, note_id)")
    pagehaul.configure(sink={"key": ["advertiser_id", "date", "note_id"]})
    assert_refused(pagehaul, api, '"nocase"', "nondeterministic")
