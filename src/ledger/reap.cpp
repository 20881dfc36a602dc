#include "ledger/claims.h"
#include "ledger/reaping.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A process that was stopped inside COPY holds its locks for ever, and idle_in_transaction_session_timeout
// does not fire. One that settled may still be reading its summary: it gets ten seconds.
constexpr std::string_view terminate_sql = R"(
SELECT count(*) FILTER (WHERE pg_terminate_backend(b.pid)) FROM (
    SELECT a.pid FROM pg_stat_activity a
    JOIN {s}.worker w ON a.application_name = 'pagehaul ' || w.id
    JOIN {s}.run r ON r.id = w.run_id
    WHERE r.pipeline = {pipeline} AND a.pid <> pg_backend_pid() AND w.id <> {worker} AND {dead}
      AND (w.stopped_at IS NULL OR w.stopped_at < {s}.clock() - interval '10 seconds') OFFSET 0) b)";

// SKIP LOCKED: a page in a commit is not lost, its owner is about to say so; a terminated backend lets go a
// moment later, and the next reaping finds the page.
constexpr std::string_view reap_sql = R"(
WITH dead AS MATERIALIZED (
    SELECT w.id FROM {s}.worker w WHERE w.run_id = {run} AND w.id <> {worker} AND {dead}),
lost AS MATERIALIZED (
    SELECT p.id, p.worker IN (SELECT id FROM dead) AS with_worker FROM {s}.page p
    WHERE p.run_id = {run} AND p.state = 'leased' AND p.worker <> {worker}
      AND (p.worker IN (SELECT id FROM dead) OR {too_old})
    FOR UPDATE SKIP LOCKED),
changed AS (
    UPDATE {s}.page p SET
        state = CASE WHEN l.with_worker AND p.claims >= 2 THEN 'failed' ELSE 'pending' END,
        failure = CASE WHEN l.with_worker AND p.claims >= 2 THEN 'refused' END,
        error = CASE WHEN l.with_worker AND p.claims >= 2
                     THEN 'kills its worker: lost with it ' || p.claims + 1 || ' times, the last time alone'
                     ELSE p.error END,
        claims = p.claims + l.with_worker::int, worker = NULL, leased_at = NULL, not_before = {s}.clock()
    FROM lost l WHERE p.id = l.id RETURNING p.slice_id, p.pass, p.no, p.state, p.error),
quarantined AS (
    INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, reason, payload)
    SELECT {run}, c.slice_id, c.pass, c.no, c.error, '' FROM changed c WHERE c.state = 'failed')
SELECT count(*) FROM changed)";

}  // namespace

int terminate_dead(postgres::Connection& connection, const Scope& scope, bool judge_time) {
    if (scope.pgbouncer) return 0;
    const auto answer =
        connection.exec(fill(terminate_sql, scope, {{"dead", dead_condition("w", scope, judge_time)}}));
    return static_cast<int>(answer.integer(0, 0));
}

int reap_leases(postgres::Connection& connection, const Scope& scope, std::optional<Millis> max_lease,
                bool judge_time) {
    const std::string too_old =
        max_lease ? fill("p.leased_at < {s}.clock() - ", scope) + interval_literal(*max_lease) : "false";
    const auto answer = connection.exec(
        fill(reap_sql, scope, {{"dead", dead_condition("w", scope, judge_time)}, {"too_old", too_old}}));
    return static_cast<int>(answer.integer(0, 0));
}

Reaped reap(postgres::Connection& connection, const Scope& scope, Millis max_lease, bool may_judge_time) {
    Reaped reaped{.pages = 0, .backends = terminate_dead(connection, scope, may_judge_time)};
    in_fence(connection, scope, [&] {
        reaped.pages = reap_leases(connection, scope,
                                   may_judge_time ? std::optional(max_lease) : std::nullopt, may_judge_time);
    });
    return reaped;
}

}  // namespace pagehaul::ledger
