#include "ledger/commit.h"
#include "ledger/run_state.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

/// A peer that is stopped inside a commit must not hold up our end: what is not freed now, freshness frees.
constexpr Millis lock_patience{1'000};

constexpr std::string_view give_back_sql = R"(
UPDATE {s}.page SET state = 'pending', claims = 0, worker = NULL, leased_at = NULL
WHERE run_id = {run} AND state = 'leased' AND worker = {worker})";

// No fence: our own worker row and our own word about the run, which decide nothing.
constexpr std::string_view stopped_sql = R"(
UPDATE {s}.worker SET stopped_at = coalesce(stopped_at, {s}.clock()) WHERE id = {worker};
UPDATE {s}.run SET verdict = {verdict} WHERE id = {run} AND {verdict} <> '')";

constexpr std::string_view free_sql = R"(
UPDATE {s}.pipeline_lock l SET run_id = NULL, expires_at = {s}.clock()
WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND NOT EXISTS (
    SELECT FROM {s}.worker w WHERE w.run_id = {run} AND w.stopped_at IS NULL AND w.id <> {worker}
      AND NOT {dead}))";

}  // namespace

void settle(postgres::Connection& connection, const Scope& scope, const std::string& verdict_json) {
    connection.rollback();  // what its owner left open
    in_fence(connection, scope, [&] { connection.exec(fill(give_back_sql, scope)); });
    connection.exec(fill(stopped_sql, scope, {{"verdict", text_literal(verdict_json)}}));
    if (!begin_exclusive(connection, scope, lock_patience)) return;
    try {
        // By no clock: after a stalled database our peers look dead who are about to beat again, and we are
        // too late to watch them. Should one be dead, the lock that stays with the run holds up nobody: a
        // start asks for the run's fresh workers, not for the lock's holder.
        connection.exec(fill(free_sql, scope, {{"dead", dead_condition("w", scope, false)}}));
        connection.commit();
    } catch (...) {
        connection.rollback();
        throw;
    }
}

// What is left stays until it is taken over or abandoned.
constexpr std::string_view old_runs_sql = R"(
SELECT id FROM {s}.run
WHERE pipeline = {pipeline} AND state IN ('succeeded', 'superseded') AND id <> {run}
  AND finished_at < {s}.clock() - {keep}
  AND NOT EXISTS (SELECT FROM {s}.slice s
    WHERE s.run_id = run.id AND s.state IN ('open', 'failed') AND s.taken_over_by IS NULL)
ORDER BY id LIMIT {limit})";
// A terminal run has no writer: no fence, it may be called after the lock is freed.
constexpr std::string_view old_pages_sql = R"(
DELETE FROM {s}.page WHERE id IN (SELECT p.id FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id
    WHERE s.run_id = {old} LIMIT 10000))";
constexpr std::string_view old_run_sql = R"(
SELECT pg_advisory_xact_lock_shared({advisory});
DELETE FROM {s}.page_keys k USING {s}.slice s WHERE s.run_id = {old} AND k.slice_id = s.id;
DELETE FROM {s}.run WHERE id = {old} AND state IN ('succeeded', 'superseded'))";

int prune(postgres::Connection& connection, const Scope& scope, std::chrono::days keep, int limit) {
    const auto runs = connection.exec(
        fill(old_runs_sql, scope, {{"keep", interval_literal(keep)}, {"limit", std::to_string(limit)}}));
    int gone = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string& old = runs.text(i, 0);
        while (connection.exec(fill(old_pages_sql, scope, {{"old", old}})).affected() > 0) {
        }
        gone += static_cast<int>(connection.exec(fill(old_run_sql, scope, {{"old", old}})).affected());
    }
    return gone;
}

}  // namespace pagehaul::ledger
