#include "ledger/finalise.h"

#include "ledger/keys.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr Millis patience{2'000};

constexpr std::string_view finaliser_sql = "SELECT pg_try_advisory_xact_lock({key})";
constexpr std::string_view slices_sql = R"(
SELECT count(*), coalesce(sum(distinct_keys), 0)::bigint FROM {s}.slice
WHERE run_id = {run} AND state = 'proven' AND stream = {stream})";
/// Why rows of one slice of the stream overwrote another's, or "" if none did.
std::string find_overlap(postgres::Connection& connection, const Scope& scope, const std::string& stream) {
    const auto slices = connection.exec(fill(slices_sql, scope, {{"stream", text_literal(stream)}}));
    if (slices.integer(0, 0) < 2) return "";
    const std::int64_t sum = slices.integer(0, 1);
    const std::int64_t distinct = count_all_keys(connection, scope, stream, sum);
    if (sum == distinct) return "";
    return (stream.empty() ? "" : "stream " + stream + ": ") +
           "sink.key is not unique across slices: the slices have " + std::to_string(sum) +
           " keys, together only " + std::to_string(distinct) +
           ", so rows of one slice overwrote another's: add the slice's column, a date say, to sink.key, or "
           "set sink.overlap: allowed";
}

std::string find_overlap(postgres::Connection& connection, const Scope& scope, const Policies& policies) {
    for (const auto& [stream, policy] : policies.all()) {
        if (policy.overlap_allowed) continue;
        if (std::string why = find_overlap(connection, scope, stream); !why.empty()) return why;
    }
    return "";
}

// Both under the exclusive lock: no claim, commit or poll of this pipeline is in flight.
constexpr std::string_view all_proven_sql = R"(
  AND NOT EXISTS (SELECT FROM {s}.slice s WHERE s.run_id = r.id AND s.state = 'open' AND NOT {left})
  AND NOT EXISTS (SELECT FROM {s}.slice s WHERE s.run_id = r.id AND s.state = 'failed' AND s.carried_from IS NULL))";
constexpr std::string_view overlap_sql = R"(
UPDATE {s}.run r SET key_overlap = {why} FROM {s}.pipeline_lock l
WHERE r.id = {run} AND r.state = 'running' AND l.pipeline = {pipeline} AND l.run_id = r.id{all_proven})";
constexpr std::string_view succeed_sql = R"(
UPDATE {s}.run r SET state = 'succeeded', finished_at = {s}.clock(), key_overlap = NULL
FROM {s}.pipeline_lock l
WHERE r.id = {run} AND r.state = 'running' AND r.planned_at IS NOT NULL
  AND l.pipeline = {pipeline} AND l.run_id = r.id{all_proven})";
constexpr std::string_view release_sql = R"(
UPDATE {s}.pipeline_lock SET run_id = NULL, expires_at = {s}.clock()
WHERE pipeline = {pipeline} AND run_id = {run})";

Finalised conclude_run(postgres::Connection& connection, const Scope& scope, const std::string& overlap) {
    const std::string all_proven = fill(all_proven_sql, scope, {{"left", left_condition("s", scope)}});
    const std::string sql =
        overlap.empty()
            ? fill(succeed_sql, scope, {{"all_proven", all_proven}})
            : fill(overlap_sql, scope, {{"why", told_literal(scope, overlap)}, {"all_proven", all_proven}});
    const bool changed = connection.exec(sql).affected() == 1;
    if (changed && overlap.empty()) connection.exec(fill(release_sql, scope));
    connection.commit();
    return changed ? Finalised::changed : Finalised::not_now;
}

}  // namespace

Finalised finalise(postgres::Connection& connection, const Scope& scope, const Policies& policies) {
    try {
        // Of this transaction: it goes with the process that has it.
        const std::string finaliser =
            std::to_string(advisory_key(scope.schema, scope.pipeline + "\nfinalise"));
        if (!connection.begin(fill(finaliser_sql, scope, {{"key", finaliser}})).boolean(0, 0)) {
            connection.rollback();
            return Finalised::elsewhere;
        }
        const std::string overlap = find_overlap(connection, scope, policies);
        if (!take_exclusive(connection, scope, patience)) return Finalised::not_now;
        return conclude_run(connection, scope, overlap);
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace pagehaul::ledger
