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

// No fence: our own worker row and our own word about the run, which decides nothing. Once the run has
// succeeded it is not what stopped a process that looked at it before.
constexpr std::string_view stopped_sql = R"(
UPDATE {s}.worker SET stopped_at = coalesce(stopped_at, {s}.clock()) WHERE id = {worker};
UPDATE {s}.run SET verdict = {verdict} WHERE id = {run} AND {verdict} <> ''
    AND (state <> 'succeeded' OR {of_success}))";

constexpr std::string_view free_sql = R"(
UPDATE {s}.pipeline_lock l SET run_id = NULL, expires_at = {s}.clock()
WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND NOT EXISTS (
    SELECT FROM {s}.worker w WHERE w.run_id = {run} AND w.stopped_at IS NULL AND w.id <> {worker}
      AND NOT {dead}))";

}  // namespace

void settle(postgres::Connection& connection, const Scope& scope, const std::string& verdict_json,
            RunStatus seen) {
    connection.rollback();  // what its owner left open
    in_fence(connection, scope, [&] { connection.exec(fill(give_back_sql, scope)); });
    connection.exec(fill(stopped_sql, scope,
                         {{"verdict", told_literal(scope, verdict_json)},
                          {"of_success", seen == RunStatus::succeeded ? "true" : "false"}}));
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

}  // namespace pagehaul::ledger
