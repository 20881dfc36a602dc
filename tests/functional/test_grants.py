"""The README's GRANTs: exactly they are enough, and without them a plain message says which is missing."""

import pathlib
import re

import pytest

from harness.oracle import assert_table_equals_oracle
from harness.pagehaul import CONFIG

pytestmark = pytest.mark.security

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
TABLE = ("CREATE SCHEMA report; CREATE TABLE report.creative (advertiser_id bigint, date date, creativity_id bigint, "
         "campaign_id bigint, creativity_name text, note_id text, placement int, fee numeric, impression bigint, ctr float8, "
         "updated_at timestamp, PRIMARY KEY (advertiser_id, date, creativity_id))")


def grants(db, role, way):
    """The README's statements for this database and role; way: "either" (it makes its tables itself) or "or" (it finds them)."""
    block = re.search(r"```sql\n(.*?)```", README.read_text(), re.S).group(1)
    parts = re.split(r"^-- (either|or|only)\b.*$", block, flags=re.M)
    statements = parts[0] + parts[parts.index(way) + 1]
    for_us = re.sub(r"\bpuller\b", role, statements.replace("DATABASE reports", f"DATABASE {db.name}"))
    return re.findall(r"^GRANT .*?;", for_us, re.M)


@pytest.fixture
def limited(pagehaul, db, postgres, role):
    """The default pipeline as a role without any privilege: what PUBLIC may do by default is taken away too."""
    db.query(f"REVOKE ALL ON DATABASE {db.name} FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC")
    pagehaul.env["DATABASE_URL"] = db.dsn_through(postgres.host, postgres.port, user=role)
    return pagehaul


def prepare(limited, db):
    """As somebody with more rights: the ledger by `pagehaul migrate`, and the table."""
    limited.succeed("migrate", env={"DATABASE_URL": db.dsn})
    db.query(TABLE)
    limited.configure(ledger={"migrate": "manual"})


def test_a_role_that_may_create_needs_only_the_first_way(limited, api, db, role):
    for statement in grants(db, role, "either"):
        db.query(statement)
    limited.succeed("check")
    limited.succeed()
    assert_table_equals_oracle(db, api)
    limited.succeed("status")
    assert db.scalar("SELECT tableowner FROM pg_tables WHERE schemaname = 'report'") == role


def test_a_role_without_create_works_on_prepared_tables_with_the_second_way(limited, api, db, role):
    prepare(limited, db)
    for statement in grants(db, role, "or"):
        db.query(statement)
    limited.succeed("check")
    api.set(bad_rows=[1])
    limited.configure(run={"quarantine_limit": 1})
    limited.succeed()
    assert assert_table_equals_oracle(db, api) == 1
    limited.succeed("retry")
    limited.succeed("status")


def test_each_statement_of_the_second_way_is_needed_and_its_lack_is_told(limited, db, role):
    prepare(limited, db)
    statements = grants(db, role, "or")
    assert len(statements) == 4
    for left_out in statements:
        db.query(f"DROP OWNED BY {role}")
        for statement in statements:
            if statement != left_out:
                db.query(statement)
        result = limited.run("run", "--fresh")
        assert result.code == CONFIG and re.search("GRANT|CONNECT privilege", result.stderr), f"without {left_out}\n{result}"


def test_a_role_without_any_grant_is_told_the_first_one_it_needs(limited, db, role):
    db.query(f"GRANT CONNECT ON DATABASE {db.name} TO {role}")
    result = limited.run()
    assert result.code == CONFIG and f"GRANT CREATE ON DATABASE {db.name} TO {role}" in result.stderr, str(result)
