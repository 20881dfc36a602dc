"""deploy/teams.md: many teams on one database. Its statements are run as they stand there, for two teams whose pipelines have one name."""

import contextlib
import pathlib
import re

import psycopg2
import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG, OK
from harness.postgres import PASSWORD

pytestmark = pytest.mark.security

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "teams.md"
ROWS = {"ads": 450, "shop": 730}


def statements(db, team):
    """All SQL of the guide, for this database and team."""
    text = "\n".join(re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.S))
    text = re.sub(r"--.*", "", text).replace("DATABASE reports", f"DATABASE {db.name}").replace("'…'", f"'{PASSWORD}'")
    return [" ".join(statement.split()) for statement in re.sub(r"\bads(_\w+)?\b", rf"{team}\1", text).split(";") if statement.strip()]


class Team:
    """A role with its schemas, as the guide makes them, and a pipeline that is called as everyone's."""

    def __init__(self, db, postgres, name, api, runner):
        self.name, self.ledger, self.table, self.api = name, f"{name}_ledger", f"{name}.creative", api
        self.dsn = db.dsn_through(postgres.host, postgres.port, user=name)
        # The ledger's schema as the chart's `set` hands it over.
        runner.env |= {"DATABASE_URL": self.dsn, "PAGEHAUL_SET": f"ledger.schema={self.ledger}"}
        self.pagehaul = runner.configure(sink={"table": self.table})

    def query(self, sql):
        with contextlib.closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def is_refused(self, sql):
        """Whether PostgreSQL refuses it for want of a privilege."""
        try:
            self.query(sql)
        except psycopg2.errors.InsufficientPrivilege:
            return True
        except psycopg2.ProgrammingError as no_rows:
            assert "no results" in str(no_rows), no_rows
        return False


@pytest.fixture
def teams(db, postgres, mock_api, pagehaul_for):
    """Two of them, in a database that is set up by the guide's statements alone."""
    made = []
    for kind, rows in ROWS.items():
        name = f"{kind}_{db.name}"
        for statement in statements(db, name):
            db.query(statement)
        api = mock_api(rows=rows)
        made.append(Team(db, postgres, name, api, pagehaul_for(api)))
    yield made
    for role in [role for team in made for role in (team.name, f"{team.name}_reader")]:
        db.query(f"DROP OWNED BY {role} CASCADE")
        db.query(f"DROP ROLE {role}")


@pytest.fixture
def pulled(teams):
    """Both have pulled."""
    for team in teams:
        team.pagehaul.succeed()
    return teams


def relations(db, team):
    """All that is in the team's schemas, qualified and quoted."""
    return [name for name, in db.query("SELECT format('%%I.%%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                                       "WHERE nspname = ANY (%s) AND relkind IN ('r', 'v', 'p', 'S')", [team.name, team.ledger])]


def test_both_run_at_the_same_time_and_each_stores_its_own(teams, db):
    for team in teams:
        team.api.set(hold_after=2)
    running = [team.pagehaul.start() for team in teams]
    # Midway, both: each holds the lock of its pipeline, and neither the other's.
    for team in teams:
        team.api.wait(held=1, timeout=60)
    for team in teams:
        team.api.set(hold=False)
    assert [process.result().code for process in running] == [OK, OK]
    for team in teams:
        assert_table_equals_oracle(db, team.api, table=team.table)
        (run,) = team.pagehaul.succeed("status", "--json").json["runs"]
        assert run["state"] == "succeeded"
        owners = db.query("SELECT DISTINCT schemaname, tableowner FROM pg_tables WHERE schemaname LIKE %s", f"{team.name}%")
        assert sorted(owners) == [(team.name, team.name), (team.ledger, team.name)]


def test_neither_reads_or_writes_what_is_the_others(pulled, db):
    for team, other in (pulled, pulled[::-1]):
        theirs = relations(db, other)
        assert {f"{other.table}", f"{other.ledger}.page", f"{other.ledger}.run", f"{other.ledger}.quarantine", f"{other.ledger}.queue_length"} <= set(theirs)
        for name in theirs:
            assert team.is_refused(f"SELECT 1 FROM {name}"), name
            assert team.is_refused(f"DELETE FROM {name}"), name
            assert team.is_refused(f"DROP TABLE {name}"), name
        assert team.is_refused(f"INSERT INTO {other.table} DEFAULT VALUES")
        assert team.is_refused(f"UPDATE {other.ledger}.run SET state = 'superseded'")
        assert team.is_refused(f"TRUNCATE {other.ledger}.page CASCADE")
        for schema in (other.name, other.ledger):
            assert team.is_refused(f"CREATE TABLE {schema}.theirs (id int)")
            assert team.is_refused(f"DROP SCHEMA {schema} CASCADE")
        assert team.is_refused("CREATE TABLE public.everyones (id int)")


def test_neither_ends_the_others_run(teams):
    team, other = teams
    other.api.set(hold_after=2)
    running = other.pagehaul.start()
    other.api.wait(held=1, timeout=60)
    pids = [pid for pid, in team.query(f"SELECT pid FROM pg_stat_activity WHERE usename = '{other.name}'")]
    assert pids and all(team.is_refused(f"SELECT pg_terminate_backend({pid})") for pid in pids)
    assert team.query(f"SELECT DISTINCT query FROM pg_stat_activity WHERE usename = '{other.name}'") == [("<insufficient privilege>",)]
    other.api.set(hold=False)
    assert running.result().code == OK


def test_a_pipeline_file_that_names_what_is_the_others_is_told_so(pulled):
    team, other = pulled
    ledger = team.pagehaul.run(env={"PAGEHAUL_SET": f"ledger.schema={other.ledger}"})
    assert ledger.code == CONFIG and f"GRANT USAGE, CREATE ON SCHEMA \\\"{other.ledger}\\\"" in ledger.stderr, str(ledger)
    table = team.pagehaul.configure(sink={"table": other.table}).run()
    assert table.code == CONFIG and other.name in table.stderr, str(table)


def test_a_role_makes_no_schema_beside_its_own(teams):
    team, _ = teams
    result = team.pagehaul.run(env={"PAGEHAUL_SET": "ledger.schema=pagehaul"})
    assert result.code == CONFIG and "GRANT CREATE ON DATABASE" in result.stderr, str(result)


def test_a_reader_reads_the_tables_and_nothing_of_the_ledger(pulled, db):
    for team in pulled:
        assert db.scalar(f"SET ROLE {team.name}_reader; SELECT count(*) FROM {team.table}") > 0
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.query(f"SET ROLE {team.name}_reader; SELECT count(*) FROM {team.ledger}.quarantine")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.query(f"SET ROLE {team.name}_reader; DELETE FROM {team.table}")


def test_nobody_else_gets_in(teams, db, postgres, role):
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(db.dsn_through(postgres.host, postgres.port, user=role))
