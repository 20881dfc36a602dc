#include "ledger/status.h"

#include "ledger/migrations.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view runs_sql = R"(
SELECT r.id, r.state, {created}, {finished}, coalesce(r.stop_reason, ''), coalesce(r.verdict, ''),
    s.slices, s.proven, s.failed, d.pages, o.pages, f.pages, d.stored, d.quarantined,
    (SELECT count(*) FROM {s}.worker w WHERE w.run_id = r.id AND w.stopped_at IS NULL AND NOT {dead}),
    s.end_not_shown
FROM {s}.run r,
LATERAL (SELECT count(*) AS slices, count(*) FILTER (WHERE state IN ('proven', 'split')) AS proven,
    count(*) FILTER (WHERE proof LIKE '%, end not shown') AS end_not_shown,
    count(*) FILTER (WHERE state = 'failed') AS failed FROM {s}.slice WHERE run_id = r.id) s,
LATERAL (SELECT coalesce(sum(t.pages), 0)::bigint AS pages, coalesce(sum(t.stored), 0)::bigint AS stored,
    coalesce(sum(t.quarantined), 0)::bigint AS quarantined
    FROM {s}.slice s JOIN {s}.tally t ON t.slice_id = s.id AND t.pass = s.pass WHERE s.run_id = r.id) d,
LATERAL (SELECT (SELECT count(*) FROM {s}.page WHERE run_id = r.id AND state = 'pending')
    + (SELECT count(*) FROM {s}.page WHERE run_id = r.id AND state = 'leased') AS pages) o,
LATERAL (SELECT count(*) AS pages FROM {s}.page p JOIN {s}.slice s ON s.id = p.slice_id AND s.pass = p.pass
    WHERE p.run_id = r.id AND p.state = 'failed') f
WHERE r.pipeline = {pipeline} ORDER BY r.id DESC LIMIT {runs})";
constexpr std::string_view iso_time =
    "coalesce(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')";

constexpr std::string_view run_keys_sql = "SELECT key FROM {s}.run_key WHERE run_id = {run} ORDER BY key";

constexpr std::string_view slice_states_sql = R"(
SELECT s.key, s.state, coalesce(s.error, s.moved, ''), s.pass, s.total,
    coalesce(s.planned, p.highest), p.done, p.open, p.failed, p.stored, p.quarantined, p.duplicates, p.holes
FROM {s}.slice s, LATERAL (
    SELECT count(*) FILTER (WHERE no > 0 AND state = 'done') AS done,
        count(*) FILTER (WHERE state IN ('pending', 'leased')) AS open,
        count(*) FILTER (WHERE state = 'failed') AS failed, coalesce(max(no), 0) AS highest,
        coalesce(sum(stored), 0) AS stored, coalesce(sum(quarantined), 0) AS quarantined,
        coalesce(sum(duplicates), 0) AS duplicates,
        coalesce(array_to_string((array_agg(no ORDER BY no) FILTER (WHERE no > 0 AND state <> 'done'))[1:20],
                                 ','), '') AS holes
    FROM {s}.page WHERE slice_id = s.id AND pass = s.pass) p
WHERE s.run_id = {run} AND s.state IN ('open', 'failed') ORDER BY s.id LIMIT 20)";

// A run at work, and the newest, which the next start goes on with, are told of above.
constexpr std::string_view left_count_sql = R"(
SELECT s.run_id, s.key, coalesce(s.error, s.moved, ''), count(*) OVER () FROM {s}.run r JOIN {s}.slice s ON s.run_id = r.id
WHERE r.pipeline = {pipeline} AND s.state IN ('open', 'failed') AND s.taken_over_by IS NULL
  AND r.id < (SELECT max(id) FROM {s}.run WHERE pipeline = {pipeline})
ORDER BY r.id DESC, s.id LIMIT 20)";

constexpr std::string_view quarantined_sql = R"(
SELECT count(*) FROM {s}.quarantine q JOIN {s}.run r ON r.id = q.run_id
WHERE r.pipeline = {pipeline} AND r.state <> 'superseded')";
constexpr std::string_view samples_sql = R"(
SELECT q.run_id, s.key, q.page_no, q.row_no, q.reason, left(q.payload, 500)
FROM {s}.quarantine q JOIN {s}.run r ON r.id = q.run_id JOIN {s}.slice s ON s.id = q.slice_id
WHERE r.pipeline = {pipeline} AND r.state <> 'superseded' ORDER BY q.id DESC LIMIT 10)";

std::string iso(const std::string& column) {
    std::string text(iso_time);
    return text.replace(text.find("{}"), 2, column);
}

std::vector<std::int64_t> numbers(const std::string& joined) {
    std::vector<std::int64_t> values;
    for (std::size_t at = 0; at < joined.size();) {
        const std::size_t end = std::min(joined.find(',', at), joined.size());
        values.push_back(std::stoll(joined.substr(at, end - at)));
        at = end + 1;
    }
    return values;
}

std::vector<SliceStatus> read_unproven(postgres::Connection& connection, const Scope& run) {
    const auto rows = connection.exec(fill(slice_states_sql, run));
    std::vector<SliceStatus> slices;
    for (std::size_t i = 0; i < rows.size(); ++i)
        slices.push_back({.key = rows.text(i, 0),
                          .state = rows.text(i, 1),
                          .error = rows.text(i, 2),
                          .pass = static_cast<int>(rows.integer(i, 3)),
                          .total = optional_integer(rows[i][4]),
                          .pages_planned = rows.integer(i, 5),
                          .pages_done = rows.integer(i, 6),
                          .pages_open = rows.integer(i, 7),
                          .pages_failed = rows.integer(i, 8),
                          .stored = rows.integer(i, 9),
                          .quarantined = rows.integer(i, 10),
                          .duplicates = rows.integer(i, 11),
                          .holes = numbers(rows.text(i, 12))});
    return slices;
}

std::vector<std::string> read_keys(postgres::Connection& connection, const Scope& run) {
    std::vector<std::string> keys;
    const auto rows = connection.exec(fill(run_keys_sql, run));
    for (std::size_t i = 0; i < rows.size(); ++i)
        keys.push_back(rows.text(i, 0));
    return keys;
}

}  // namespace

PipelineStatus read_status(postgres::Connection& connection, const std::string& schema,
                           const std::string& pipeline, int runs, std::int64_t stale_ms) {
    const Installed ledger = installed(connection, schema);
    PipelineStatus status{.pipeline = pipeline,
                          .ledger_version = ledger.version,
                          .runs = {},
                          .left = {},
                          .quarantined_rows = 0,
                          .samples = {}};
    refuse_unserved(ledger, schema);
    if (ledger.version == 0) return status;
    Scope scope{.schema = schema, .pipeline = pipeline, .worker = "", .stale = Millis(stale_ms)};
    const auto rows = connection.exec(fill(runs_sql, scope,
                                           {{"created", iso("r.created_at")},
                                            {"finished", iso("r.finished_at")},
                                            {"dead", dead_condition("w", scope, true)},
                                            {"runs", std::to_string(runs)}}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        scope.run = rows.integer(i, 0);
        const auto fresh = static_cast<int>(rows.integer(i, 14));
        const bool is_incomplete = rows.text(i, 1) == "running" && fresh == 0;
        const bool nothing_due = rows.text(i, 1) == "succeeded" && rows.integer(i, 6) == 0;
        status.runs.push_back({.id = scope.run,
                               .keys = read_keys(connection, scope),
                               .state = is_incomplete ? "incomplete"
                                        : nothing_due ? "nothing due"
                                                      : rows.text(i, 1),
                               .created_at = rows.text(i, 2),
                               .finished_at = rows.text(i, 3),
                               .stop_reason = rows.text(i, 4),
                               .verdict_json = rows.text(i, 5),
                               .slices = rows.integer(i, 6),
                               .slices_proven = rows.integer(i, 7),
                               .slices_failed = rows.integer(i, 8),
                               .slices_end_not_shown = rows.integer(i, 15),
                               .pages_done = rows.integer(i, 9),
                               .pages_open = rows.integer(i, 10),
                               .pages_failed = rows.integer(i, 11),
                               .rows_stored = rows.integer(i, 12),
                               .rows_quarantined = rows.integer(i, 13),
                               .unproven = read_unproven(connection, scope),
                               .streams = read_streams(connection, scope),
                               .fresh_workers = fresh});
    }
    const auto left = connection.exec(fill(left_count_sql, scope));
    for (std::size_t i = 0; i < left.size(); ++i) {
        status.slices_left = left.integer(i, 3);
        status.left.push_back({.run = left.integer(i, 0), .slice = left.text(i, 1), .why = left.text(i, 2)});
    }
    status.quarantined_rows = connection.exec(fill(quarantined_sql, scope)).integer(0, 0);
    const auto samples = connection.exec(fill(samples_sql, scope));
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto row = optional_integer(samples[i][3]);
        status.samples.push_back({.run = samples.integer(i, 0),
                                  .slice = samples.text(i, 1),
                                  .page = samples.integer(i, 2),
                                  .row = row ? std::optional(static_cast<int>(*row)) : std::nullopt,
                                  .reason = samples.text(i, 4),
                                  .payload = samples.text(i, 5)});
    }
    return status;
}

}  // namespace pagehaul::ledger
