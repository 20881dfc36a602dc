#include "ledger/stream_sums.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view stream_sums_sql = R"(
WITH slices AS (
    SELECT s.stream, min(s.id) AS first, count(*) AS slices,
        count(*) FILTER (WHERE s.state IN ('proven', 'split')) AS proven, count(*) FILTER (WHERE s.state = 'failed') AS failed
    FROM {s}.slice s WHERE s.run_id = {run} AND s.stream <> '' GROUP BY s.stream),
pages AS (
    SELECT s.stream, sum(t.pages) AS pages, sum(t.stored) AS stored, sum(t.quarantined) AS quarantined
    FROM {s}.slice s JOIN {s}.tally t ON t.slice_id = s.id AND t.pass = s.pass
    WHERE s.run_id = {run} AND s.stream <> '' GROUP BY s.stream)
SELECT s.stream, s.slices, s.proven, s.failed, coalesce(p.pages, 0)::bigint, coalesce(p.stored, 0)::bigint,
    coalesce(p.quarantined, 0)::bigint
FROM slices s LEFT JOIN pages p USING (stream) ORDER BY s.first)";

}  // namespace

std::vector<StreamSums> read_streams(postgres::Connection& connection, const Scope& scope) {
    const auto rows = connection.exec(fill(stream_sums_sql, scope));
    std::vector<StreamSums> streams;
    for (std::size_t i = 0; i < rows.size(); ++i)
        streams.push_back({.stream = rows.text(i, 0),
                           .slices = rows.integer(i, 1),
                           .slices_proven = rows.integer(i, 2),
                           .slices_failed = rows.integer(i, 3),
                           .pages_done = rows.integer(i, 4),
                           .rows_stored = rows.integer(i, 5),
                           .rows_quarantined = rows.integer(i, 6)});
    return streams;
}

}  // namespace pagehaul::ledger
