#pragma once

#include <string_view>

namespace pagehaul::ledger {

// Pages that tell of the next one (src/ledger/README.md, "Chains"). They are inserted done, and their head
// leased, so that the sums of version 4 count those states at an insert too.
constexpr std::string_view version_11 = R"(
ALTER TABLE {s}.page ADD COLUMN token text;
COMMENT ON COLUMN {s}.page.token IS 'what the page before it told to ask this one with; NULL: nothing';
CREATE UNIQUE INDEX page_token ON {s}.page (slice_id, pass, md5(token)) WHERE token IS NOT NULL;
ALTER TABLE {s}.slice DROP CONSTRAINT slice_proof_check, ADD CONSTRAINT slice_proof_check
    CHECK (proof IN ('counts', 'counts, end not shown', 'pages', 'pages, end not shown', 'chain'));

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
        WHERE s.drift IS NOT NULL OR s.state <> 'open' OR (o.is_read AND (SELECT count(*) FROM (
            SELECT FROM {s}.page p WHERE p.run_id = o.run_id AND p.slice_id = o.slice_id AND p.state = 'pending'
            ORDER BY p.no LIMIT 16) few) < 16);
    END IF;
    RETURN NULL;
END $$;
)";

}  // namespace pagehaul::ledger
