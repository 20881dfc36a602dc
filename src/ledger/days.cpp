#include "ledger/days.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A split slice is what its parts are, and they are rows of their own.
constexpr std::string_view days_sql = R"(
SET LOCAL statement_timeout = '1s';
SELECT extract(epoch FROM d.created_at)::bigint, d.first, d.last, bool_and(d.state = 'proven')
FROM (SELECT r.created_at, s.state, s.params::json ->> {first} AS first, s.params::json ->> {last} AS last
      FROM {s}.run r JOIN {s}.slice s ON s.run_id = r.id
      WHERE r.id = {run} AND s.state <> 'split') d
WHERE d.first IS NOT NULL AND d.last IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY 2, 3)";

// No text inside the object can hold the member: its quotes would be escaped.
constexpr std::string_view complete_until_sql = R"(
SET LOCAL statement_timeout = '1s';
SELECT max(substring(verdict from '"complete_until":([0-9]+)')::bigint)
FROM {s}.run WHERE pipeline = {pipeline})";

constexpr std::string_view past_sql = R"(
SELECT extract(epoch FROM coalesce(r.finished_at, r.created_at))::bigint,
    NOT EXISTS (SELECT FROM {s}.run n WHERE n.pipeline = r.pipeline AND n.id > r.id)
FROM {s}.run r WHERE r.id = {run})";

constexpr std::string_view begun_sql = R"(
SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM {s}.run WHERE id = {run})";

}  // namespace

std::vector<DaysOfRun> read_days(postgres::Connection& connection, const Scope& scope,
                                 const std::string& dimension) {
    const auto rows = connection.exec(fill(
        days_sql, scope, {{"first", text_literal(dimension)}, {"last", text_literal(dimension + "_end")}}));
    std::vector<DaysOfRun> days;
    days.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        days.push_back({.planned_at = rows.integer(i, 0),
                        .first = rows.text(i, 1),
                        .last = rows.text(i, 2),
                        .proven = rows.boolean(i, 3)});
    return days;
}

std::string with_complete_until(std::string verdict_json, std::int64_t unix_seconds) {
    const std::size_t end = verdict_json.rfind('}');
    if (end == std::string::npos) return verdict_json;
    return verdict_json.insert(end, ",\"complete_until\":" + std::to_string(unix_seconds));
}

std::optional<std::int64_t> read_complete_until(postgres::Connection& connection, const Scope& scope) {
    return optional_integer(connection.exec(fill(complete_until_sql, scope))[0][0]);
}

std::string read_begun(postgres::Connection& connection, const Scope& scope) {
    return connection.exec(fill(begun_sql, scope)).text(0, 0);
}

PastRun read_past(postgres::Connection& connection, const Scope& scope) {
    const auto rows = connection.exec(fill(past_sql, scope));
    if (rows.empty()) return {};
    return {.finished_at = rows.integer(0, 0), .is_newest = rows.boolean(0, 1)};
}

}  // namespace pagehaul::ledger
