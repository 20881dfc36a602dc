#include <algorithm>
#include <utility>

#include "ledger/stream_sums.h"
#include "report/reading.h"

namespace pagehaul::report {
namespace {

// The proof of an unproven slice says why its last pass did not count, as `status` does; the page of a proof
// that did not show the end, what was refused.
// Pages are found by their slices: no index leads from a run to those that are done.
constexpr std::string_view slices_sql = R"(
SELECT s.key, s.state, coalesce(s.proof, ''),
    CASE WHEN s.state = 'proven' THEN coalesce((SELECT e.error FROM {s}.page e
        WHERE e.slice_id = s.id AND e.pass = s.pass AND e.no = 0), '')
    ELSE coalesce(s.error, s.drift, s.moved, '') END, s.pass - s.first_pass + 1,
    s.total, s.planned,
    coalesce(t.pages, 0), coalesce(t.fetched, 0), coalesce(t.stored, 0), coalesce(t.quarantined, 0),
    coalesce(t.duplicates, 0), coalesce(p.open, 0), coalesce(p.failed, 0),
    count(*) OVER (), count(*) FILTER (WHERE s.state IN ('open', 'failed')) OVER ()
FROM {s}.slice s
LEFT JOIN (SELECT t.slice_id, t.pass, sum(t.pages)::bigint AS pages, sum(t.fetched)::bigint AS fetched,
        sum(t.stored)::bigint AS stored, sum(t.quarantined)::bigint AS quarantined,
        sum(t.duplicates)::bigint AS duplicates
    FROM {s}.slice o JOIN {s}.tally t ON t.slice_id = o.id WHERE o.run_id = {run} GROUP BY t.slice_id, t.pass) t
    ON t.slice_id = s.id AND t.pass = s.pass
LEFT JOIN (SELECT p.slice_id, p.pass, count(*) FILTER (WHERE p.state IN ('pending', 'leased')) AS open,
        count(*) FILTER (WHERE p.state = 'failed') AS failed
    FROM {s}.slice o JOIN {s}.page p ON p.slice_id = o.id
    WHERE o.run_id = {run} AND p.state <> 'done' GROUP BY p.slice_id, p.pass) p
    ON p.slice_id = s.id AND p.pass = s.pass
WHERE s.run_id = {run}
ORDER BY CASE s.state WHEN 'failed' THEN 0 WHEN 'open' THEN 1 ELSE 2 END,
    coalesce(t.quarantined, 0) = 0, s.id LIMIT {limit})";

// Gaps between the pages that are stored: the waiting pages of a slice that failed are not in the ledger any
// more. A row beyond the last page closes the last gap.
constexpr std::string_view holes_sql = R"(
WITH unproven AS (SELECT id, key, pass, planned FROM {s}.slice WHERE run_id = {run} AND state IN ('open', 'failed')),
stored AS (
    SELECT u.id, p.no FROM unproven u JOIN {s}.page p ON p.slice_id = u.id AND p.pass = u.pass
    WHERE p.state = 'done' AND p.no > 0
    UNION ALL
    SELECT u.id, 1 + greatest(u.planned,
        (SELECT coalesce(max(p.no), 1) FROM {s}.page p WHERE p.slice_id = u.id AND p.pass = u.pass))
    FROM unproven u),
gaps AS (
    SELECT id, 1 + lag(no, 1, 0::bigint) OVER (PARTITION BY id ORDER BY no) AS first, no - 1 AS last FROM stored)
SELECT u.key, g.first, g.last, count(*) OVER (), sum(g.last - g.first + 1) OVER ()
FROM gaps g JOIN unproven u USING (id) WHERE g.first <= g.last ORDER BY u.id, g.first LIMIT {limit})";

constexpr std::string_view failed_sql = R"(
SELECT s.key, p.no, p.failure = 'refused', p.setbacks, coalesce(p.error, ''), count(*) OVER ()
FROM {s}.page p JOIN {s}.slice s ON s.id = p.slice_id AND s.pass = p.pass
WHERE p.run_id = {run} AND p.state = 'failed' ORDER BY p.failure = 'refused' DESC, p.slice_id, p.no LIMIT {limit})";

}  // namespace

void read_streams(const Reading& reading, RunReport& report) {
    for (ledger::StreamSums& of : ledger::read_streams(reading.connection, reading.scope))
        report.streams.push_back({.name = std::move(of.stream),
                                  .slices = of.slices,
                                  .proven = of.slices_proven,
                                  .failed = of.slices_failed,
                                  .pages = of.pages_done,
                                  .stored = of.rows_stored,
                                  .quarantined = of.rows_quarantined});
}

void read_slices(const Reading& reading, RunReport& report) {
    const auto rows = reading.ask(slices_sql, {{"limit", std::to_string(max_slices)}});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        report.slices.of = rows.integer(i, 14);
        report.slices.items.push_back({.key = reading.clean(rows.text(i, 0)),
                                       .state = rows.text(i, 1),
                                       .proof = rows.text(i, 2),
                                       .why = reading.clean(rows.text(i, 3)),
                                       .pass = static_cast<int>(rows.integer(i, 4)),
                                       .total = ledger::optional_integer(rows[i][5]),
                                       .planned = ledger::optional_integer(rows[i][6]),
                                       .done = {.pages = rows.integer(i, 7),
                                                .fetched = rows.integer(i, 8),
                                                .stored = rows.integer(i, 9),
                                                .quarantined = rows.integer(i, 10),
                                                .duplicates = rows.integer(i, 11)},
                                       .pages_open = rows.integer(i, 12),
                                       .pages_failed = rows.integer(i, 13)});
    }
    if (rows.empty()) return;
    report.slices_left_out_unproven =
        rows.integer(0, 15) -
        std::count_if(report.slices.items.begin(), report.slices.items.end(),
                      [](const Slice& slice) { return slice.state == "open" || slice.state == "failed"; });
}

void read_holes(const Reading& reading, RunReport& report) {
    const auto rows = reading.ask(holes_sql, {{"limit", std::to_string(max_hole_ranges)}});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        report.holes.ranges.of = rows.integer(i, 3);
        report.holes.pages = rows.integer(i, 4);
        report.holes.ranges.items.push_back({.slice = reading.clean(rows.text(i, 0)),
                                             .first = rows.integer(i, 1),
                                             .last = rows.integer(i, 2)});
    }
    const auto failed = reading.ask(failed_sql, {{"limit", std::to_string(max_failed_pages)}});
    for (std::size_t i = 0; i < failed.size(); ++i) {
        report.failed_pages.of = failed.integer(i, 5);
        report.failed_pages.items.push_back({.slice = reading.clean(failed.text(i, 0)),
                                             .no = failed.integer(i, 1),
                                             .for_good = failed.boolean(i, 2),
                                             .setbacks = failed.integer(i, 3),
                                             .error = reading.clean(failed.text(i, 4))});
    }
}

}  // namespace pagehaul::report
