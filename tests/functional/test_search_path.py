"""The role's search_path: whoever may create in one of its schemas must not get to run as pagehaul, and the target's triggers need it."""

import pytest

from harness.ending import assert_ended
from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import OK
from harness.pgbouncer import PgBouncer
from harness.pipeline import COLUMNS, TABLE

pytestmark = pytest.mark.security

TYPES = ["bigint", "integer", "text", "varchar", "uuid", "numeric", "boolean", "date", "timestamp", "timestamptz", "float8"]
FUNCTIONS = [("clock_timestamp", "", "timestamptz"), ("now", "", "timestamptz"), ("pg_backend_pid", "", "int"),
             ("pg_advisory_xact_lock", "bigint", "void"), ("pg_advisory_xact_lock_shared", "bigint", "void"),
             ("set_config", "text, text, boolean", "text"), ("current_setting", "text", "text"), ("left", "text, int", "text"),
             ("lower", "text", "text"), ("quote_ident", "text", "text"), ("has_schema_privilege", "oid, text", "boolean")]


def hostile(db):
    """Functions and operators that do as PostgreSQL's own do, and note it when pagehaul calls them; found before those."""
    db.query("CREATE SCHEMA evil; CREATE TABLE evil.called (what text)")

    def make(name, arguments, returns, expression):
        note = f"IF current_setting('application_name') LIKE 'pagehaul%%' THEN INSERT INTO evil.called VALUES ('{name}({arguments})'); END IF;"
        do = f"PERFORM {expression};" if returns == "void" else f"RETURN {expression};"
        db.query(f"CREATE FUNCTION evil.\"{name}\"({arguments}) RETURNS {returns} LANGUAGE plpgsql SET search_path = pg_catalog "
                 f"AS $$BEGIN {note} {do} END$$".replace("%%", "%"))

    for name, arguments, returns in FUNCTIONS:
        passed = ", ".join(f"${i + 1}" for i in range(len(arguments.split(",")) if arguments else 0))
        make(name, arguments, returns, f"pg_catalog.{name}({passed})")
    for symbol, word in (("=", "eq"), ("<>", "ne"), ("<", "lt"), (">", "gt"), ("<=", "le"), (">=", "ge")):
        for type_ in TYPES:
            make(word, f"{type_}, {type_}", "boolean", f"$1 OPERATOR(pg_catalog.{symbol}) $2")
            db.query(f"CREATE OPERATOR evil.{symbol} (FUNCTION = evil.{word}, LEFTARG = {type_}, RIGHTARG = {type_})")
    for symbol, word in (("%", "mod"), ("+", "plus"), ("-", "minus")):
        for type_ in ("bigint", "integer"):
            make(word, f"{type_}, {type_}", type_, f"$1 OPERATOR(pg_catalog.{symbol}) $2")
            db.query(f"CREATE OPERATOR evil.{symbol} (FUNCTION = evil.{word}, LEFTARG = {type_}, RIGHTARG = {type_})")


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pgbouncer"])
def test_nothing_that_the_search_path_would_find_first_is_called(mock_api, db, postgres, pagehaul_for, pooled):
    api = mock_api(rows=350, bad_rows=[7])
    hostile(db)
    runner = pagehaul_for(api, db).configure(run={"quarantine_limit": 1})
    pooler = PgBouncer(postgres) if pooled else None
    try:
        if pooler:
            runner.env["DATABASE_URL"] = db.dsn_through(pooler.host, pooler.port)
            runner.configure(sink={"pgbouncer": True})

        def run(*arguments):
            db.query(f"ALTER DATABASE {db.name} SET search_path = evil, pg_catalog, public")
            result = runner.run(*arguments)
            db.query(f"ALTER DATABASE {db.name} RESET search_path")  # for the questions below
            return result

        assert run("check").code == OK
        assert_ended(run(), db, proof="counts", stored=349)
        db.query(f"UPDATE {TABLE} SET fee = -1 WHERE placement = 3; DELETE FROM {TABLE} WHERE placement = 2")
        assert_ended(run(), db, proof="counts", stored=349)
        for again in (["check"], ["status"], ["report", "last", "--html", runner.directory / "report.html"]):
            assert run(*again).code == OK
        assert assert_table_equals_oracle(db, api) == 1
        assert db.query("SELECT what, count(*) FROM evil.called GROUP BY 1") == []
    finally:
        if pooler:
            pooler.close()


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pgbouncer"])
@pytest.mark.parametrize("when", ["AFTER INSERT OR UPDATE ON {} FOR EACH ROW", "BEFORE INSERT ON {} FOR EACH STATEMENT",
                                  "AFTER INSERT OR UPDATE ON {} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"],
                         ids=["row", "statement", "deferred"])
def test_a_trigger_of_the_target_finds_what_the_role_s_search_path_says(mock_api, db, postgres, pagehaul_for, when, pooled):
    api = mock_api(rows=350)
    columns = ", ".join(f"{c['name']} {c['type']}" for c in COLUMNS)
    constraint = "CONSTRAINT" if "DEFERRABLE" in when else ""
    db.query(f"CREATE SCHEMA report; CREATE TABLE {TABLE} ({columns}, PRIMARY KEY (advertiser_id, date, creativity_id));"
             "CREATE SCHEMA helpers; CREATE TABLE helpers.seen (at timestamptz);"
             "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (now()); RETURN NULL; END';"
             f"CREATE {constraint} TRIGGER noted {when.format(TABLE)} EXECUTE FUNCTION note();"
             f"ALTER DATABASE {db.name} SET search_path = helpers")
    runner = pagehaul_for(api, db)
    pooler = PgBouncer(postgres) if pooled else None
    try:
        if pooler:
            runner.env["DATABASE_URL"] = db.dsn_through(pooler.host, pooler.port)
            runner.configure(sink={"pgbouncer": True})
        assert_ended(runner.run(), db, proof="counts", stored=350)
        db.query(f"UPDATE {TABLE} SET fee = -1 WHERE placement = 3; DELETE FROM {TABLE} WHERE placement = 2; TRUNCATE helpers.seen")
        assert_ended(runner.run(), db, proof="counts", stored=350)
        assert db.scalar("SELECT count(*) FROM helpers.seen") > 0
    finally:
        if pooler:
            pooler.close()
