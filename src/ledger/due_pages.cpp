#include "ledger/claims.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view eldest_sql = R"(
SELECT coalesce((SELECT w.id = {worker} FROM {s}.worker w WHERE w.run_id = {run} AND NOT {dead}
    ORDER BY w.started_at, w.id LIMIT 1), false))";

// Without locks: what is claimed meanwhile costs whoever is told of it a claim that finds nothing.
constexpr std::string_view due_pages_sql = R"(
{by_index}
SELECT p.slice_id, p.no FROM {s}.page p JOIN {s}.slice s ON s.id = p.slice_id
WHERE p.run_id = {run} AND p.state = 'pending' AND p.claims < 2 AND p.not_before <= (SELECT {s}.clock())
  AND s.state = 'open' AND s.drift IS NULL AND s.pass = p.pass
ORDER BY p.slice_id, p.no LIMIT {limit})";

}  // namespace

std::optional<std::vector<Place>> due_pages(postgres::Connection& connection, const Scope& scope, int limit) {
    const auto eldest =
        connection.exec(fill(eldest_sql, scope, {{"dead", dead_condition("w", scope, true)}}));
    if (!eldest.boolean(0, 0)) return std::nullopt;
    const auto rows = connection.exec(
        fill(due_pages_sql, scope, {{"limit", std::to_string(limit)}, {"by_index", std::string(by_index)}}));
    std::vector<Place> pages;
    pages.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        pages.push_back({.slice_id = rows.integer(i, 0), .no = rows.integer(i, 1)});
    return pages;
}

}  // namespace pagehaul::ledger
