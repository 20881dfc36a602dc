#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/digest.h"
#include "ledger/left_slices.h"
#include "ledger/passes.h"
#include "ledger/publish.h"
#include "ledger/starting.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

std::map<std::string, std::string> lines_of(const std::string& text) {
    std::map<std::string, std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        const std::size_t equals = line.find(" = ");
        if (equals == std::string::npos)
            lines[line] = "";
        else
            lines[line.substr(0, equals)] = line.substr(equals + 3);
        at = end + 1;
    }
    return lines;
}

// The newest run of all states, if it is unfinished: running, and none of its workers fresh. An older one is
// never adopted: a newer run has stored its rows since, and may have stored newer ones.
constexpr std::string_view newest_unfinished_sql = R"(
SELECT r.id, r.fingerprint FROM {s}.run r
WHERE r.id = (SELECT max(id) FROM {s}.run WHERE pipeline = {pipeline}) AND r.state = 'running' AND NOT EXISTS (
    SELECT FROM {s}.worker w WHERE w.run_id = r.id AND w.stopped_at IS NULL AND NOT {dead}))";
// In the order of bytes, as std::string has it.
constexpr std::string_view slices_of_sql = R"(
SELECT encode(sha256(convert_to(coalesce(string_agg(key || E'\n' || params || E'\n', '' ORDER BY key COLLATE "C"), ''),
    'UTF8')), 'hex') FROM {s}.slice WHERE run_id = {found} AND NOT is_child AND split_from IS NULL)";

constexpr std::string_view adopt_sql = R"(
INSERT INTO {s}.run_key (pipeline, key, run_id) VALUES ({pipeline}, {key}, {run});
UPDATE {s}.run SET key_overlap = NULL WHERE id = {run};)";

// Each part of the table is still what it was; new parts (a partition of today's) take no row away. NULL: a
// run of a ledger that did not remember.
constexpr std::string_view other_target_sql =
    "SELECT target IS NOT NULL AND NOT target <@ {target} FROM {s}.run WHERE id = {run}";
constexpr std::string_view remember_target_sql = "UPDATE {s}.run SET target = {target} WHERE id = {run}";
// Other processes of the run hold pages of these: a poll begins their next pass when they are done.
constexpr std::string_view own_drift_sql = R"(
UPDATE {s}.slice s SET drift = coalesce(s.drift, {why}) WHERE s.run_id = {run} AND s.state = 'open'
  AND EXISTS (SELECT FROM {s}.page p WHERE p.slice_id = s.id AND p.pass = s.pass AND p.state = 'leased')
  AND EXISTS (SELECT FROM {s}.page p WHERE p.slice_id = s.id AND p.pass = s.pass AND p.state = 'done'))";

// Reopening a page deletes the row that quarantined it whole.
constexpr std::string_view reopen_pages_sql = R"(
WITH reopened AS (
    UPDATE {s}.page p SET state = 'pending', failure = NULL, error = NULL, attempts = 0, claims = 0,
        not_before = {s}.clock()
    FROM {s}.slice s
    WHERE s.id = p.slice_id AND s.pass = p.pass AND s.state = 'open'
      AND p.run_id = {run} AND p.state = 'failed' AND {which}
    RETURNING p.slice_id, p.pass, p.no)
DELETE FROM {s}.quarantine q USING reopened o
WHERE q.slice_id = o.slice_id AND q.pass = o.pass AND q.page_no = o.no AND q.row_no IS NULL)";

constexpr std::string_view due_at_once_sql = R"(
UPDATE {s}.page SET not_before = {s}.clock()
WHERE run_id = {run} AND state = 'pending' AND not_before > {s}.clock())";

// The newest run that has the slice tells how it stands; older ones are history, also of a part of it. One
// that was split is what its halves are. Behind DISTINCT ON (s.key).
constexpr std::string_view newest_slices_sql = R"(
FROM {s}.run r JOIN {s}.slice s ON s.run_id = r.id
WHERE r.pipeline = {pipeline} AND r.state <> 'superseded' AND s.state <> 'abandoned'
  AND (s.split_from IS NULL OR NOT EXISTS (
    SELECT FROM {s}.run m JOIN {s}.slice w ON w.run_id = m.id
    WHERE m.pipeline = r.pipeline AND m.state <> 'superseded' AND m.id > r.id AND w.key = s.split_from))
ORDER BY s.key, s.run_id DESC)";
constexpr std::string_view retry_sql = R"(
SELECT DISTINCT ON (s.key) s.key, s.params, s.stream, s.is_child, coalesce(s.split_from, ''),
    s.state = 'failed'
    OR EXISTS (SELECT FROM {s}.page p WHERE p.run_id = s.run_id AND p.slice_id = s.id AND p.state = 'failed'
               AND p.pass = s.pass)
    OR EXISTS (SELECT FROM {s}.quarantine q WHERE q.slice_id = s.id AND q.pass = s.pass), s.id
{newest_slices})";

// A slice that a newer run has pulled does not count.
constexpr std::string_view unfinished_sql = R"(
SELECT max(newest.run_id) FROM (
    SELECT DISTINCT ON (s.key) s.run_id, s.state, r.state AS run_state {newest_slices}) newest
WHERE newest.state = 'open' AND newest.run_state = 'running')";

constexpr std::string_view all_unfinished_sql = R"(
SELECT r.id FROM {s}.run r WHERE r.pipeline = {pipeline} AND r.state = 'running' AND NOT EXISTS (
    SELECT FROM {s}.worker w WHERE w.run_id = r.id AND w.stopped_at IS NULL AND NOT {dead}))";

constexpr std::string_view insert_run_sql = R"(
INSERT INTO {s}.run (pipeline, intent, fingerprint, fingerprint_text, target)
VALUES ({pipeline}, {intent}, {fingerprint}, {text}, {target}) RETURNING id)";

constexpr std::string_view insert_key_sql =
    "INSERT INTO {s}.run_key (pipeline, key, run_id) VALUES ({pipeline}, {key}, {run})";
// So many at once: of 100,000 the text alone took a pod of 128 MiB.
constexpr std::size_t planned_at_once = 1'000;
constexpr std::string_view plan_slices_sql = R"(
WITH planned AS (
    INSERT INTO {s}.slice (run_id, key, params, stream, is_child, split_from, carried_from)
    SELECT {run}, v.key, v.params, v.stream, v.is_child, nullif(v.split_from, ''), nullif(v.carried_from, 0)
    FROM unnest({keys}, {params}, {streams}, {are_children}, {split_from}, {carried_from})
        WITH ORDINALITY v (key, params, stream, is_child, split_from, carried_from, place)
    ORDER BY v.place RETURNING id)
INSERT INTO {s}.page (run_id, slice_id, pass, no) SELECT {run}, id, 1, 1 FROM planned ORDER BY id)";
constexpr std::string_view planned_sql = "UPDATE {s}.run SET planned_at = {s}.clock() WHERE id = {run}";

constexpr std::string_view supersede_sql = R"(
UPDATE {s}.run SET state = 'superseded', finished_at = {s}.clock() WHERE id = ANY ({old});
UPDATE {s}.run_key SET run_id = {run} WHERE run_id = ANY ({old}))";

constexpr std::string_view fresh_sql = R"(
SELECT EXISTS (SELECT FROM {s}.worker w
    WHERE w.run_id = {run} AND w.stopped_at IS NULL AND w.id <> {worker} AND NOT {dead}))";

std::string digest_of(const std::vector<PlannedSlice>& slices) {
    std::vector<const PlannedSlice*> in_order;
    std::size_t bytes = 0;
    for (const PlannedSlice& slice : slices) {
        in_order.push_back(&slice);
        bytes += slice.key.size() + slice.params.size() + 2;
    }
    std::sort(in_order.begin(), in_order.end(),
              [](const PlannedSlice* a, const PlannedSlice* b) { return a->key < b->key; });
    std::string text;
    text.reserve(bytes);
    for (const PlannedSlice* slice : in_order)
        text.append(slice->key).append("\n").append(slice->params).append("\n");
    return sha256_hex(text);
}

/// A slice, and the run that left it; 0: it is this run's own.
using SliceToPlan = std::pair<const PlannedSlice*, std::int64_t>;

void plan_slices(postgres::Connection& connection, const Scope& scope, std::span<const SliceToPlan> slices) {
    while (!slices.empty()) {
        std::vector<std::string> keys, params, streams, are_children, split_from;
        std::vector<std::int64_t> carried_from;
        for (const auto& [slice, from] : slices.first(std::min(slices.size(), planned_at_once))) {
            keys.push_back(slice->key);
            params.push_back(slice->params);
            streams.push_back(slice->stream);
            are_children.emplace_back(slice->is_child ? "true" : "false");
            split_from.push_back(slice->split_from);
            carried_from.push_back(from);
        }
        connection.exec(fill(plan_slices_sql, scope,
                             {{"keys", text_array(keys)},
                              {"params", text_array(params)},
                              {"streams", text_array(streams)},
                              {"are_children", text_array(are_children) + "::boolean[]"},
                              {"split_from", text_array(split_from)},
                              {"carried_from", bigint_array(carried_from)}}));
        slices = slices.subspan(keys.size());
    }
}

std::string pulled_again(std::int64_t slices) {
    return std::to_string(slices) + (slices == 1 ? " slice is" : " slices are") + " pulled again";
}

}  // namespace

std::vector<std::string> fingerprint_difference(const std::string& before, const std::string& now) {
    const auto was = lines_of(before);
    const auto is = lines_of(now);
    std::vector<std::string> lines;
    for (const auto& [key, value] : was) {
        const auto found = is.find(key);
        if (found == is.end())
            lines.push_back(key + ": was " + value + ", is absent now");
        else if (found->second != value)
            lines.push_back(key + ": was " + value + ", is " + found->second);
    }
    for (const auto& [key, value] : is)
        if (!was.contains(key)) lines.push_back(key + ": was absent, is " + value);
    return lines;
}

bool has_fresh_workers(postgres::Connection& connection, const Scope& scope) {
    return connection.exec(fill(fresh_sql, scope, {{"dead", dead_condition("w", scope, true)}}))
        .boolean(0, 0);
}

std::optional<std::int64_t> find_adoptable(postgres::Connection& connection, const Scope& scope,
                                           const StartRequest& request) {
    const auto run =
        connection.exec(fill(newest_unfinished_sql, scope, {{"dead", dead_condition("w", scope, true)}}));
    if (run.empty() || run.text(0, 1) != request.fingerprint) return std::nullopt;
    // Keys alone would not do: the last step of a window keeps its key while it grows.
    const auto theirs = connection.exec(fill(slices_of_sql, scope, {{"found", run.text(0, 0)}}));
    const bool same = theirs.text(0, 0) == digest_of(unpublished(connection, scope, request.slices,
                                                                 request.once, run.integer(0, 0)));
    if (!same) return std::nullopt;
    return run.integer(0, 0);
}

std::vector<std::string> adopt(postgres::Connection& connection, const Scope& scope,
                               const StartRequest& request) {
    connection.exec(fill(adopt_sql, scope, {{"key", text_literal(request.key)}}) + reopen_statements(scope));
    // A ledger that was made before pages knew when they were stored says nothing of them: too old.
    const std::string why = "stored longer ago than run.adopt_within";
    const std::int64_t outdated =
        connection
            .exec(renew_statement(scope, why,
                                  fill("p.done_at IS NULL OR p.done_at < {s}.clock() - {within}", scope,
                                       {{"within", interval_literal(request.adopt_within)}})))
            .affected();
    connection.exec(fill(reopen_pages_sql, scope, {{"which", "true"}}));
    if (outdated == 0) return {};
    return {pulled_again(outdated) + ": " + why};
}

std::vector<std::string> notice_target(postgres::Connection& connection, const Scope& scope,
                                       const StartRequest& request) {
    const std::string target = text_array(request.target);
    const bool other = connection.exec(fill(other_target_sql, scope, {{"target", target}})).boolean(0, 0);
    connection.exec(fill(remember_target_sql, scope, {{"target", target}}));
    if (!other) return {};
    const std::string why = "sink.table is not the table that its pages were stored in";
    const std::int64_t renewed = connection.exec(renew_statement(scope, why, "true")).affected();
    const std::int64_t drifted =
        connection.exec(fill(own_drift_sql, scope, {{"why", text_literal(why)}})).affected();
    return {"sink.table was dropped, recreated, truncated or rewritten since the last start of this run: " +
            pulled_again(renewed + drifted)};
}

void make_due(postgres::Connection& connection, const Scope& scope) {
    connection.exec(fill(due_at_once_sql, scope));
}

void begin_rate_anew(postgres::Connection& connection, const Scope& scope) {
    connection.exec(fill("DELETE FROM {s}.rate_budget WHERE pipeline = {pipeline}", scope));
}

void reopen_unavailable(postgres::Connection& connection, const Scope& scope) {
    connection.exec(fill(reopen_pages_sql, scope, {{"which", "p.failure = 'unavailable'"}}));
}

std::vector<PlannedSlice> slices_to_retry(postgres::Connection& connection, const Scope& scope) {
    const auto rows =
        connection.exec(fill(retry_sql, scope, {{"newest_slices", fill(newest_slices_sql, scope)}}));
    std::map<std::int64_t, PlannedSlice> in_order;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows.boolean(i, 5))
            in_order[rows.integer(i, 6)] = {.key = rows.text(i, 0),
                                            .params = rows.text(i, 1),
                                            .stream = rows.text(i, 2),
                                            .is_child = rows.boolean(i, 3),
                                            .split_from = rows.text(i, 4)};
    std::vector<PlannedSlice> slices;
    for (auto& [id, slice] : in_order)
        slices.push_back(std::move(slice));
    return slices;
}

std::optional<std::int64_t> find_unfinished(postgres::Connection& connection, const Scope& scope) {
    const auto rows =
        connection.exec(fill(unfinished_sql, scope, {{"newest_slices", fill(newest_slices_sql, scope)}}));
    if (!rows[0][0]) return std::nullopt;
    return rows.integer(0, 0);
}

Inserted insert_run(postgres::Connection& connection, const Scope& scope, const StartRequest& request,
                    const std::vector<PlannedSlice>& slices) {
    std::unordered_set<std::string_view> once;
    for (const PlannedSlice& slice : slices)
        if (!once.insert(slice.key).second)
            throw Failure(ErrorKind::config, "source.slices", "the slice " + slice.key + " comes twice");

    const std::vector<LeftSlice> left = left_slices(connection, scope);
    const Carried carried = request.fresh ? Carried{} : carry_over(slices, left, request.parameters);
    std::vector<SliceToPlan> all;
    for (const PlannedSlice& slice : slices)
        all.emplace_back(&slice, 0);
    for (std::size_t i = 0; i < carried.more.size(); ++i)
        all.emplace_back(&carried.more[i], carried.more_from[i]);
    std::vector<std::int64_t> old;
    const auto unfinished =
        connection.exec(fill(all_unfinished_sql, scope, {{"dead", dead_condition("w", scope, true)}}));
    for (std::size_t i = 0; i < unfinished.size(); ++i)
        old.push_back(unfinished.integer(i, 0));
    Inserted inserted{.run = 0, .warnings = carried.warnings};
    inserted.run =
        connection
            .exec(fill(insert_run_sql, scope,
                       {{"intent", request.intent == StartRequest::Intent::retry ? "'retry'" : "'run'"},
                        {"fingerprint", text_literal(request.fingerprint)},
                        {"text", text_literal(request.fingerprint_text)},
                        {"target", text_array(request.target)}}))
            .integer(0, 0);
    Scope run = scope;
    run.run = inserted.run;
    connection.exec(fill(insert_key_sql, run, {{"key", text_literal(request.key)}}));
    plan_slices(connection, run, all);
    connection.exec(fill(planned_sql, run));
    if (!old.empty()) connection.exec(fill(supersede_sql, run, {{"old", bigint_array(old)}}));
    note_taken_over(connection, run, carried.taken_over);
    if (request.fresh) {
        std::vector<std::int64_t> given_up;
        for (const LeftSlice& slice : left)
            given_up.push_back(slice.id);
        abandon_slices(connection, run, given_up,
                       "run " + std::to_string(run.run) + " was started with --fresh");
    }
    return inserted;
}

}  // namespace pagehaul::ledger
