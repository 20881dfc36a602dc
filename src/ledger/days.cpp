#include "ledger/days.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A split slice is what its parts are, and they are rows of their own.
constexpr std::string_view days_sql = R"(
SET LOCAL statement_timeout = '1s';
SELECT d.run_id, extract(epoch FROM d.created_at)::bigint, d.first, d.last, bool_and(d.state = 'proven')
FROM (SELECT s.run_id, r.created_at, s.state, s.params::json ->> {first} AS first,
          s.params::json ->> {last} AS last
      FROM {s}.run r JOIN {s}.slice s ON s.run_id = r.id
      WHERE r.pipeline = {pipeline} AND s.state <> 'split') d
WHERE d.first IS NOT NULL AND d.last IS NOT NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1)";

constexpr std::string_view past_sql = R"(
SELECT extract(epoch FROM coalesce(r.finished_at, r.created_at))::bigint,
    NOT EXISTS (SELECT FROM {s}.run n WHERE n.pipeline = r.pipeline AND n.id > r.id)
FROM {s}.run r WHERE r.id = {run})";

}  // namespace

std::vector<DaysOfRun> read_days(postgres::Connection& connection, const Scope& scope,
                                 const std::string& dimension) {
    const auto rows = connection.exec(fill(
        days_sql, scope, {{"first", text_literal(dimension)}, {"last", text_literal(dimension + "_end")}}));
    std::vector<DaysOfRun> days;
    days.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        days.push_back({.run = rows.integer(i, 0),
                        .planned_at = rows.integer(i, 1),
                        .first = rows.text(i, 2),
                        .last = rows.text(i, 3),
                        .proven = rows.boolean(i, 4)});
    return days;
}

PastRun read_past(postgres::Connection& connection, const Scope& scope) {
    const auto rows = connection.exec(fill(past_sql, scope));
    if (rows.empty()) return {};
    return {.finished_at = rows.integer(0, 0), .is_newest = rows.boolean(0, 1)};
}

}  // namespace pagehaul::ledger
