#pragma once

#include <string_view>

namespace pagehaul::ledger {

// A slice that its only page has proven in the same transaction is no poll's to look at. The tallies are read
// only where a pass is left: joined with them for every update of a slice, the planner read all of them for
// each commit, 10 ms at 100,000 slices.
constexpr std::string_view version_16 = R"(
CREATE OR REPLACE FUNCTION {s}.count_pages() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, pending, leased, done, fetched, stored, quarantined, duplicates)
        SELECT n.run_id, pg_backend_pid(), count(*) FILTER (WHERE n.state = 'pending'),
            count(*) FILTER (WHERE n.state = 'leased'), count(n.fetched), coalesce(sum(n.fetched), 0),
            coalesce(sum(n.stored), 0), coalesce(sum(n.quarantined), 0), coalesce(sum(n.duplicates), 0)
        FROM now_are n GROUP BY n.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET pending = t.pending + excluded.pending,
            leased = t.leased + excluded.leased, done = t.done + excluded.done, fetched = t.fetched + excluded.fetched,
            stored = t.stored + excluded.stored, quarantined = t.quarantined + excluded.quarantined,
            duplicates = t.duplicates + excluded.duplicates;
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
        WHERE s.drift IS NOT NULL OR s.state NOT IN ('open', 'proven') OR (s.state = 'open' AND o.is_read AND (SELECT count(*) FROM (
            SELECT FROM {s}.page p WHERE p.run_id = o.run_id AND p.slice_id = o.slice_id AND p.state = 'pending'
            ORDER BY p.no LIMIT 16) few) < 16);
    END IF;
    RETURN NULL;
END $$;
-- The pages of a pass that is left are no longer counted as done; what else there was of them is deleted.
CREATE OR REPLACE FUNCTION {s}.count_slices() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, open)
        SELECT n.run_id, pg_backend_pid(), count(*) FROM now_are n GROUP BY n.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET open = t.open + excluded.open;
        RETURN NULL;
    END IF;
    INSERT INTO {s}.run_tally AS t (run_id, backend, open, proven, failed, by_pages, by_counts, end_not_shown,
        told, told_of, planned, planned_of)
    SELECT v.run_id, pg_backend_pid(), sum(v.sign * (v.state = 'open')::int),
        sum(v.sign * (v.state IN ('proven', 'split'))::int), sum(v.sign * (v.state = 'failed')::int),
        sum(v.sign * coalesce(v.proof LIKE 'pages%', false)::int), sum(v.sign * coalesce(v.proof LIKE 'counts%', false)::int),
        sum(v.sign * coalesce(v.proof LIKE '%, end not shown', false)::int), sum(v.sign * coalesce(v.total, 0)),
        sum(v.sign * (v.total IS NOT NULL)::int), sum(v.sign * coalesce(v.planned, 0)),
        sum(v.sign * (v.planned IS NOT NULL)::int)
    FROM (SELECT 1::bigint AS sign, run_id, state, proof, total, planned FROM now_are
        UNION ALL SELECT -1, run_id, state, proof, total, planned FROM were) v
    GROUP BY v.run_id
    ON CONFLICT (run_id, backend) DO UPDATE SET open = t.open + excluded.open, proven = t.proven + excluded.proven,
        failed = t.failed + excluded.failed, by_pages = t.by_pages + excluded.by_pages,
        by_counts = t.by_counts + excluded.by_counts, end_not_shown = t.end_not_shown + excluded.end_not_shown,
        told = t.told + excluded.told, told_of = t.told_of + excluded.told_of,
        planned = t.planned + excluded.planned, planned_of = t.planned_of + excluded.planned_of;
    IF EXISTS (SELECT FROM were o JOIN now_are n ON n.id = o.id AND n.pass <> o.pass) THEN
        INSERT INTO {s}.run_tally AS t (run_id, backend, done, fetched, stored, quarantined, duplicates)
        SELECT o.run_id, pg_backend_pid(), -sum(y.pages), -sum(y.fetched), -sum(y.stored), -sum(y.quarantined),
            -sum(y.duplicates)
        FROM were o JOIN now_are n ON n.id = o.id AND n.pass <> o.pass
        JOIN {s}.tally y ON y.slice_id = o.id AND y.pass = o.pass GROUP BY o.run_id
        ON CONFLICT (run_id, backend) DO UPDATE SET done = t.done + excluded.done, fetched = t.fetched + excluded.fetched,
            stored = t.stored + excluded.stored, quarantined = t.quarantined + excluded.quarantined,
            duplicates = t.duplicates + excluded.duplicates;
    END IF;
    INSERT INTO {s}.slice_due (run_id, slice_id)
    SELECT n.run_id, n.id FROM were o JOIN now_are n ON n.id = o.id
    WHERE (n.drift IS NOT NULL AND o.drift IS NULL) OR (n.state = 'failed' AND o.state <> 'failed');
    RETURN NULL;
END $$;
)";

}  // namespace pagehaul::ledger
