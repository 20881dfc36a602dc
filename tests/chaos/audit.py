"""What the database itself saw of each commit: triggers write it down in the same transaction, so that nobody can tell it otherwise.

    audit.stored   a statement of a transaction (txid) that put rows into the target
    audit.done     a transaction that took a page as done, with the epoch the page had, and the run that held the pipeline then
"""

from harness.pipeline import TABLE

_TARGET_SCHEMA, _TARGET_NAME = TABLE.split(".")

# The tables are made by the program under test: an event trigger sees them come, in its own transaction.
_INSTALL = f"""
CREATE SCHEMA audit;
CREATE TABLE audit.stored (txid bigint, rows bigint);
CREATE TABLE audit.done (txid bigint, run_id bigint, slice_id bigint, pass int, no bigint, epoch bigint, holder bigint);

CREATE FUNCTION audit.see_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO audit.stored SELECT txid_current(), count(*) FROM seen HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION audit.see_page() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF NEW.state = 'done' AND NEW.done_at IS DISTINCT FROM OLD.done_at THEN
        INSERT INTO audit.done SELECT txid_current(), NEW.run_id, NEW.slice_id, NEW.pass, NEW.no, NEW.epoch,
            (SELECT l.run_id FROM pagehaul.pipeline_lock l JOIN pagehaul.run r USING (pipeline) WHERE r.id = NEW.run_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION audit.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE made record;
BEGIN
    FOR made IN SELECT c.oid::regclass AS name, n.nspname, c.relname FROM pg_event_trigger_ddl_commands() d
                JOIN pg_class c ON c.oid = d.objid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' LOOP
        IF (made.nspname, made.relname) = ('{_TARGET_SCHEMA}', '{_TARGET_NAME}') THEN
            EXECUTE format('CREATE TRIGGER saw_new AFTER INSERT ON %s REFERENCING NEW TABLE AS seen EXECUTE FUNCTION audit.see_rows()', made.name);
            EXECUTE format('CREATE TRIGGER saw_changed AFTER UPDATE ON %s REFERENCING NEW TABLE AS seen EXECUTE FUNCTION audit.see_rows()', made.name);
        ELSIF (made.nspname, made.relname) = ('pagehaul', 'page') THEN
            EXECUTE format('CREATE TRIGGER saw_page AFTER UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION audit.see_page()', made.name);
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER audit_watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION audit.watch();
"""

# Each finds commits that break a rule of the core.
_BROKEN = {
    "rows stored by a transaction that took no page as done":
        "SELECT txid, sum(rows) FROM audit.stored s WHERE NOT EXISTS (SELECT FROM audit.done d WHERE d.txid = s.txid) GROUP BY 1",
    "pages taken as done twice under one epoch":
        "SELECT run_id, slice_id, pass, no, epoch, count(*) FROM audit.done WHERE no > 0 GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1",
    "pages taken as done for a run that does not hold the pipeline (run, slice, page, holder)":
        "SELECT run_id, slice_id, no, holder FROM audit.done WHERE holder IS DISTINCT FROM run_id",
}


def install(db):
    """Before the first process starts."""
    db.query(_INSTALL)


def check(db):
    """Raises AssertionError for the first rule that a commit broke."""
    for what, sql in _BROKEN.items():
        found = db.query(sql)
        assert not found, f"{what}: {found[:3]}"
    rows, stored = db.query("SELECT (SELECT count(*) FROM audit.done), (SELECT coalesce(sum(stored), 0) FROM pagehaul.page)")[0]
    assert rows or not stored, "the audit saw nothing"
