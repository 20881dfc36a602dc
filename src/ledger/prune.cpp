#include "core/join.h"
#include "ledger/run_state.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A terminal run has no writer: no fence, and no lock that a start or a commit would wait for. A batch begins
// behind the one before: an index still holds what is deleted until a vacuum.

constexpr std::string_view with_keys_sql = R"(
SELECT id FROM {s}.run WHERE pipeline = {pipeline} AND state <> 'running' AND NOT keys_gone ORDER BY id)";
constexpr std::string_view keys_gone_sql = "UPDATE {s}.run SET keys_gone = true WHERE id = {old}";

// What is left stays until it is taken over or abandoned.
constexpr std::string_view old_runs_sql = R"(
SELECT id FROM {s}.run
WHERE pipeline = {pipeline} AND state IN ('succeeded', 'superseded') AND id <> {run}
  AND finished_at < {s}.clock() - {keep}
  AND NOT EXISTS (SELECT FROM {s}.slice s
    WHERE s.run_id = run.id AND s.state IN ('open', 'failed') AND s.taken_over_by IS NULL)
ORDER BY id LIMIT {limit})";

// Of a table with (slice_id, pass, no). The slices of a run have ids side by side.
constexpr std::string_view pages_of_run_sql = R"(
{by_index}
WITH run AS MATERIALIZED (SELECT min(id) AS first, max(id) AS last FROM {s}.slice WHERE run_id = {old}),
batch AS MATERIALIZED (
    SELECT t.slice_id, t.pass, t.no FROM {s}.{table} t
    WHERE (t.slice_id, t.pass, t.no) > {after}
      AND t.slice_id BETWEEN (SELECT first FROM run) AND (SELECT last FROM run)
      AND EXISTS (SELECT FROM {s}.slice s WHERE s.id = t.slice_id AND s.run_id = {old})
    ORDER BY t.slice_id, t.pass, t.no LIMIT 5000),
gone AS (
    DELETE FROM {s}.{table} t USING batch b WHERE t.slice_id = b.slice_id AND t.pass = b.pass AND t.no = b.no)
SELECT slice_id, pass, no FROM batch ORDER BY slice_id DESC, pass DESC, no DESC LIMIT 1)";

// With them go their tallies and what they quarantined.
constexpr std::string_view slices_of_run_sql = R"(
DELETE FROM {s}.slice WHERE id IN (SELECT id FROM {s}.slice WHERE run_id = {old} ORDER BY id LIMIT 500))";
constexpr std::string_view run_sql = R"(
DELETE FROM {s}.slice_due WHERE run_id = {old};
DELETE FROM {s}.run WHERE id = {old} AND state IN ('succeeded', 'superseded'))";

/// @return whether all of them are gone.
bool delete_pages(postgres::Connection& connection, const Scope& scope, const std::string& old,
                  const std::string& table, const std::function<bool()>& go_on) {
    std::string after = row({"0", "0", "0"});
    while (go_on()) {
        const auto last = connection.exec(
            fill(pages_of_run_sql, scope,
                 {{"old", old}, {"table", table}, {"after", after}, {"by_index", std::string(by_index)}}));
        if (last.empty()) return true;
        after = row({last.text(0, 0), last.text(0, 1), last.text(0, 2)});
    }
    return false;
}

bool delete_run(postgres::Connection& connection, const Scope& scope, const std::string& old,
                const std::function<bool()>& go_on) {
    if (!delete_pages(connection, scope, old, "page", go_on)) return false;
    while (connection.exec(fill(slices_of_run_sql, scope, {{"old", old}})).affected() > 0)
        if (!go_on()) return false;
    return connection.exec(fill(run_sql, scope, {{"old", old}})).affected() == 1;
}

}  // namespace

int prune(postgres::Connection& connection, const Scope& scope, std::chrono::days keep, int limit,
          const std::function<bool()>& go_on) {
    const auto with_keys = connection.exec(fill(with_keys_sql, scope));
    for (std::size_t i = 0; i < with_keys.size(); ++i) {
        const std::string& old = with_keys.text(i, 0);
        if (!delete_pages(connection, scope, old, "page_keys", go_on)) return 0;
        connection.exec(fill(keys_gone_sql, scope, {{"old", old}}));
    }
    const auto runs = connection.exec(
        fill(old_runs_sql, scope, {{"keep", interval_literal(keep)}, {"limit", std::to_string(limit)}}));
    int gone = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (!delete_run(connection, scope, runs.text(i, 0), go_on)) break;
        ++gone;
    }
    return gone;
}

}  // namespace pagehaul::ledger
