#pragma once

#include <string_view>

namespace pagehaul::ledger {

// What `poll` needs, kept by triggers inside the transactions that change it: no poll counts pages or slices,
// and processes of an older version keep it too. What an older ledger holds is counted once, below, while
// nobody writes to it: no sum is unknown. They run as the owner, so that a role which was granted the older
// tables alone, and works on, is not refused.
//
// `run_tally`: as in `tally` a row a backend; those of a run add up to what the run has.
// `slice_due`: slices that a poll is to look at. A page that is let go of names its slice, unless 16 pending
// pages of it are visible (window_low_water). Of the last pages of a slice, in commits that do not see each
// other, the later statement sees none pending, and its word is read when both are committed.
constexpr std::string_view version_4 = R"(
LOCK TABLE {s}.page, {s}.slice IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE {s}.run_tally (
    run_id      bigint NOT NULL REFERENCES {s}.run ON DELETE CASCADE,
    backend     int NOT NULL,
    open        bigint NOT NULL DEFAULT 0,
    proven      bigint NOT NULL DEFAULT 0,
    failed      bigint NOT NULL DEFAULT 0,
    by_pages    bigint NOT NULL DEFAULT 0,
    by_counts   bigint NOT NULL DEFAULT 0,
    end_not_shown bigint NOT NULL DEFAULT 0,
    told        bigint NOT NULL DEFAULT 0,
    told_of     bigint NOT NULL DEFAULT 0,
    planned     bigint NOT NULL DEFAULT 0,
    planned_of  bigint NOT NULL DEFAULT 0,
    pending     bigint NOT NULL DEFAULT 0,
    leased      bigint NOT NULL DEFAULT 0,
    unavailable bigint NOT NULL DEFAULT 0,
    refused     bigint NOT NULL DEFAULT 0,
    done        bigint NOT NULL DEFAULT 0,
    fetched     bigint NOT NULL DEFAULT 0,
    stored      bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    duplicates  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, backend)
) WITH (fillfactor = 50);
COMMENT ON COLUMN {s}.run_tally.open IS 'slices, to planned_of; pages of any slice, to refused; pages of current passes, to duplicates';

CREATE TABLE {s}.slice_due (
    run_id   bigint NOT NULL,
    slice_id bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX slice_due_of_run ON {s}.slice_due (run_id, slice_id);

-- Half of a slice's updates, its planning, need no new index entry where there is room: of 20,000 all with 50, 9,000
-- with 100.
ALTER TABLE {s}.slice SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE {s}.slice ADD COLUMN full_pass int, ADD COLUMN full_to bigint;
COMMENT ON COLUMN {s}.slice.full_to IS 'pages 1 to this one of full_pass are done and full, as far as a poll knows; NULL: none';
ALTER TABLE {s}.run ADD COLUMN keys_gone boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN {s}.run.keys_gone IS 'its page_keys are deleted';
UPDATE {s}.run SET keys_gone = true WHERE state <> 'running';
CREATE INDEX run_with_keys ON {s}.run (pipeline) WHERE state <> 'running' AND NOT keys_gone;
CREATE INDEX slice_failed ON {s}.slice (run_id, id) WHERE state = 'failed';
CREATE INDEX page_refused ON {s}.page (run_id, slice_id, no) WHERE failure = 'refused';
CREATE INDEX page_waiting ON {s}.page (run_id, not_before) WHERE state = 'pending' AND not_before > 'epoch';

CREATE FUNCTION {s}.count_pages() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, pending)
        SELECT n.run_id, pg_backend_pid(), count(*) FROM now_are n WHERE n.state = 'pending' GROUP BY n.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET pending = t.pending + excluded.pending;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, pending, leased, unavailable, refused)
        SELECT o.run_id, pg_backend_pid(), -count(*) FILTER (WHERE o.state = 'pending'),
            -count(*) FILTER (WHERE o.state = 'leased'), -count(*) FILTER (WHERE o.failure = 'unavailable'),
            -count(*) FILTER (WHERE o.failure = 'refused')
        FROM were o JOIN {s}.run r ON r.id = o.run_id AND r.state = 'running' GROUP BY o.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET pending = t.pending + excluded.pending,
            leased = t.leased + excluded.leased, unavailable = t.unavailable + excluded.unavailable,
            refused = t.refused + excluded.refused;
    ELSE
        INSERT INTO {s}.run_tally AS t (run_id, backend, pending, leased, unavailable, refused,
            done, fetched, stored, quarantined, duplicates)
        SELECT d.run_id, pg_backend_pid(), coalesce(sum(d.sign) FILTER (WHERE d.state = 'pending'), 0),
            coalesce(sum(d.sign) FILTER (WHERE d.state = 'leased'), 0),
            coalesce(sum(d.sign) FILTER (WHERE d.failure = 'unavailable'), 0),
            coalesce(sum(d.sign) FILTER (WHERE d.failure = 'refused'), 0),
            coalesce(sum(d.sign) FILTER (WHERE d.fetched IS NOT NULL), 0),
            coalesce(sum(d.sign * d.fetched), 0), coalesce(sum(d.sign * d.stored), 0),
            coalesce(sum(d.sign * d.quarantined), 0), coalesce(sum(d.sign * d.duplicates), 0)
        FROM (SELECT 1::bigint AS sign, run_id, state, failure, fetched, stored, quarantined, duplicates FROM now_are
            UNION ALL SELECT -1, run_id, state, failure, fetched, stored, quarantined, duplicates FROM were) d
        GROUP BY d.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET pending = t.pending + excluded.pending,
            leased = t.leased + excluded.leased, unavailable = t.unavailable + excluded.unavailable,
            refused = t.refused + excluded.refused, done = t.done + excluded.done,
            fetched = t.fetched + excluded.fetched, stored = t.stored + excluded.stored,
            quarantined = t.quarantined + excluded.quarantined, duplicates = t.duplicates + excluded.duplicates;
        INSERT INTO {s}.slice_due (run_id, slice_id)
        SELECT o.run_id, o.slice_id
        FROM (SELECT w.run_id, w.slice_id, bool_or(w.no > 0) AS is_read FROM were w WHERE w.state = 'leased'
            GROUP BY w.run_id, w.slice_id) o
        JOIN {s}.slice s ON s.id = o.slice_id
        WHERE s.drift IS NOT NULL OR s.state <> 'open' OR (o.is_read AND (SELECT count(*) FROM (
            SELECT FROM {s}.page p WHERE p.run_id = o.run_id AND p.slice_id = o.slice_id AND p.state = 'pending'
            ORDER BY p.no LIMIT 16) few) < 16);
    END IF;
    RETURN NULL;
END $$;

-- The pages of a pass that is left are no longer counted as done; what else there was of them is deleted.
CREATE FUNCTION {s}.count_slices() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, open)
        SELECT n.run_id, pg_backend_pid(), count(*) FROM now_are n GROUP BY n.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET open = t.open + excluded.open;
        RETURN NULL;
    END IF;
    INSERT INTO {s}.run_tally AS t (run_id, backend, open, proven, failed, by_pages, by_counts, end_not_shown,
        told, told_of, planned, planned_of, done, fetched, stored, quarantined, duplicates)
    SELECT d.run_id, pg_backend_pid(), sum(d.open), sum(d.proven), sum(d.failed), sum(d.by_pages), sum(d.by_counts),
        sum(d.end_not_shown), sum(d.told), sum(d.told_of), sum(d.planned), sum(d.planned_of), sum(d.done), sum(d.fetched),
        sum(d.stored), sum(d.quarantined), sum(d.duplicates)
    FROM (
        SELECT v.run_id, v.sign * (v.state = 'open')::int AS open, v.sign * (v.state IN ('proven', 'split'))::int AS proven,
            v.sign * (v.state = 'failed')::int AS failed, v.sign * coalesce(v.proof LIKE 'pages%', false)::int AS by_pages,
            v.sign * coalesce(v.proof LIKE 'counts%', false)::int AS by_counts,
            v.sign * coalesce(v.proof LIKE '%, end not shown', false)::int AS end_not_shown,
            v.sign * coalesce(v.total, 0) AS told, v.sign * (v.total IS NOT NULL)::int AS told_of,
            v.sign * coalesce(v.planned, 0) AS planned, v.sign * (v.planned IS NOT NULL)::int AS planned_of,
            0::bigint AS done, 0::bigint AS fetched, 0::bigint AS stored, 0::bigint AS quarantined, 0::bigint AS duplicates
        FROM (SELECT 1::bigint AS sign, run_id, state, proof, total, planned FROM now_are
            UNION ALL SELECT -1, run_id, state, proof, total, planned FROM were) v
        UNION ALL
        SELECT o.run_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -t.pages, -t.fetched, -t.stored, -t.quarantined, -t.duplicates
        FROM were o JOIN now_are n ON n.id = o.id AND n.pass <> o.pass
        JOIN {s}.tally t ON t.slice_id = o.id AND t.pass = o.pass) d
    GROUP BY d.run_id
    ON CONFLICT (run_id, backend) DO UPDATE SET open = t.open + excluded.open, proven = t.proven + excluded.proven,
        failed = t.failed + excluded.failed, by_pages = t.by_pages + excluded.by_pages,
        by_counts = t.by_counts + excluded.by_counts, end_not_shown = t.end_not_shown + excluded.end_not_shown,
        told = t.told + excluded.told, told_of = t.told_of + excluded.told_of,
        planned = t.planned + excluded.planned, planned_of = t.planned_of + excluded.planned_of,
        done = t.done + excluded.done, fetched = t.fetched + excluded.fetched, stored = t.stored + excluded.stored,
        quarantined = t.quarantined + excluded.quarantined, duplicates = t.duplicates + excluded.duplicates;
    INSERT INTO {s}.slice_due (run_id, slice_id)
    SELECT n.run_id, n.id FROM were o JOIN now_are n ON n.id = o.id
    WHERE (n.drift IS NOT NULL AND o.drift IS NULL) OR (n.state = 'failed' AND o.state <> 'failed');
    RETURN NULL;
END $$;

CREATE TRIGGER count_inserted AFTER INSERT ON {s}.page REFERENCING NEW TABLE AS now_are
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.count_pages();
CREATE TRIGGER count_updated AFTER UPDATE ON {s}.page REFERENCING OLD TABLE AS were NEW TABLE AS now_are
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.count_pages();
CREATE TRIGGER count_deleted AFTER DELETE ON {s}.page REFERENCING OLD TABLE AS were
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.count_pages();
CREATE TRIGGER count_inserted AFTER INSERT ON {s}.slice REFERENCING NEW TABLE AS now_are
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.count_slices();
CREATE TRIGGER count_updated AFTER UPDATE ON {s}.slice REFERENCING OLD TABLE AS were NEW TABLE AS now_are
    FOR EACH STATEMENT EXECUTE FUNCTION {s}.count_slices();

INSERT INTO {s}.run_tally (run_id, backend, open, proven, failed, by_pages, by_counts,
    told, told_of, planned, planned_of)
SELECT run_id, 0, count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state IN ('proven', 'split')),
    count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE proof = 'pages'),
    count(*) FILTER (WHERE proof = 'counts'), coalesce(sum(total), 0), count(total),
    coalesce(sum(planned), 0), count(planned)
FROM {s}.slice GROUP BY run_id;
UPDATE {s}.run_tally t SET pending = p.pending, leased = p.leased, unavailable = p.unavailable, refused = p.refused
FROM (SELECT run_id, count(*) FILTER (WHERE state = 'pending') AS pending,
        count(*) FILTER (WHERE state = 'leased') AS leased,
        count(*) FILTER (WHERE failure = 'unavailable') AS unavailable,
        count(*) FILTER (WHERE failure = 'refused') AS refused
    FROM {s}.page WHERE state <> 'done' GROUP BY run_id) p
WHERE t.run_id = p.run_id;
UPDATE {s}.run_tally t SET done = p.done, fetched = p.fetched, stored = p.stored, quarantined = p.quarantined,
    duplicates = p.duplicates
FROM (SELECT s.run_id, sum(y.pages) AS done, sum(y.fetched) AS fetched, sum(y.stored) AS stored,
        sum(y.quarantined) AS quarantined, sum(y.duplicates) AS duplicates
    FROM {s}.slice s JOIN {s}.tally y ON y.slice_id = s.id AND y.pass = s.pass GROUP BY s.run_id) p
WHERE t.run_id = p.run_id;
INSERT INTO {s}.slice_due (run_id, slice_id)
SELECT s.run_id, s.id FROM {s}.slice s JOIN {s}.run r ON r.id = s.run_id
WHERE r.state = 'running' AND s.state IN ('open', 'failed');
)";

}  // namespace pagehaul::ledger
