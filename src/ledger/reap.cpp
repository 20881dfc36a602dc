#include "ledger/claims.h"
#include "ledger/reaping.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// A process that was stopped inside COPY holds its locks for ever, and idle_in_transaction_session_timeout
// does not fire. One that settled may still be reading its summary: it gets ten seconds. Another role's
// backend, where ours may not signal it, would be an error and end nobody: who waits for it names it then.
constexpr std::string_view terminate_sql = R"(
SELECT count(*) FILTER (WHERE pg_terminate_backend(b.pid)) FROM (
    SELECT a.pid FROM pg_stat_activity a
    JOIN {s}.worker w ON a.application_name = 'pagehaul ' || w.id
    JOIN {s}.run r ON r.id = w.run_id
    JOIN pg_roles theirs ON theirs.oid = a.usesysid
    JOIN pg_roles ours ON ours.rolname = current_user
    WHERE r.pipeline = {pipeline} AND a.pid <> pg_backend_pid() AND w.id <> {worker} AND {dead} AND {whose}
      AND (w.stopped_at IS NULL OR w.stopped_at < {s}.clock() - interval '10 seconds')
      AND (ours.rolsuper OR NOT theirs.rolsuper
           AND (pg_has_role(theirs.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))) OFFSET 0) b)";
// A pooler's backend bears the name of the process that used it last. In a transaction that began before the
// process could be taken for dead it is that process's: the pooler gives it to nobody else before its end.
constexpr std::string_view pooled_sql = "a.xact_start < {s}.clock() - {stale}";

// Of the workers that a page was lost with in a row those count that are dead now: one whose heartbeat's
// connection was cut, or that stood still, has come back. One that settled was not killed by a page.
// SKIP LOCKED: a page in a commit is not lost, its owner is about to say so; a terminated backend lets go a
// moment later, and the next reaping finds the page.
constexpr std::string_view reap_sql = R"(
WITH dead AS MATERIALIZED (
    SELECT w.id, w.stopped_at IS NULL AS killed FROM {s}.worker w
    WHERE w.run_id = {run} AND w.id <> {worker} AND {dead}),
taken AS MATERIALIZED (
    SELECT p.id, p.worker IN (SELECT id FROM dead) AS with_worker,
        CASE WHEN p.claims = 0 THEN ARRAY[p.worker] ELSE p.lost_with || p.worker END AS lost_with
    FROM {s}.page p
    WHERE p.run_id = {run} AND p.state = 'leased' AND p.worker <> {worker}
      AND (p.worker IN (SELECT id FROM dead) OR {too_old})
    FOR UPDATE SKIP LOCKED),
lost AS (
    SELECT t.id, t.with_worker, t.lost_with,
        (SELECT count(*) FROM dead d WHERE d.killed AND d.id = ANY (t.lost_with)) AS deaths
    FROM taken t),
changed AS (
    UPDATE {s}.page p SET
        state = CASE WHEN l.with_worker AND l.deaths > 2 THEN 'failed' ELSE 'pending' END,
        failure = CASE WHEN l.with_worker AND l.deaths > 2 THEN 'refused' END,
        error = CASE WHEN l.with_worker AND l.deaths > 2
                     THEN 'kills its worker: lost with it ' || l.deaths || ' times, the last time alone'
                     ELSE p.error END,
        claims = CASE WHEN l.with_worker THEN l.deaths ELSE p.claims END,
        lost_with = CASE WHEN l.with_worker THEN l.lost_with ELSE p.lost_with END,
        worker = NULL, leased_at = NULL, not_before = {s}.clock()
    FROM lost l WHERE p.id = l.id RETURNING p.slice_id, p.pass, p.no, p.state, p.error),
quarantined AS (
    INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, reason, payload)
    SELECT {run}, c.slice_id, c.pass, c.no, c.error, '' FROM changed c WHERE c.state = 'failed')
SELECT count(*) FROM changed)";

// SKIP LOCKED: a page in our own commit needs it no more.
constexpr std::string_view renew_sql = R"(
UPDATE {s}.page SET leased_at = {s}.clock() WHERE id IN (
    SELECT id FROM {s}.page WHERE id = ANY ({ids}) AND state = 'leased' AND worker = {worker}
      AND leased_at < {s}.clock() - {age} ORDER BY id FOR UPDATE SKIP LOCKED))";

}  // namespace

void renew_leases(postgres::Connection& connection, const Scope& scope,
                  const std::vector<std::int64_t>& page_ids, Millis age) {
    connection.exec(
        fill(renew_sql, scope, {{"ids", bigint_array(page_ids)}, {"age", interval_literal(age)}}));
}

int terminate_dead(postgres::Connection& connection, const Scope& scope, bool judge_time) {
    const std::string whose =
        scope.pgbouncer ? fill(pooled_sql, scope, {{"stale", interval_literal(scope.stale)}}) : "true";
    const auto answer = connection.exec(
        fill(terminate_sql, scope, {{"dead", dead_condition("w", scope, judge_time)}, {"whose", whose}}));
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
