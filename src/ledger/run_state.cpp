#include "ledger/run_state.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// One statement, one snapshot; a row a backend, and the first of an index: whatever the run's size.
constexpr std::string_view state_sql = R"(
SELECT r.state, coalesce(r.stop_reason, ''), coalesce(r.stop_at >= w.started_at, false),
    coalesce(r.key_overlap, ''),
    t.open, t.proven, t.failed, t.told, t.by_pages, t.by_counts,
    t.pending, t.leased, t.unavailable, t.refused, t.done, t.fetched, t.stored, t.quarantined, t.duplicates,
    (SELECT greatest(0, ceil(extract(epoch FROM p.not_before - {s}.clock()) * 1000))::bigint FROM {s}.page p
        WHERE p.run_id = {run} AND p.state = 'pending' AND p.not_before > 'epoch' ORDER BY p.not_before LIMIT 1),
    (SELECT count(*) FROM {s}.worker o WHERE o.run_id = {run} AND o.stopped_at IS NULL
        AND o.id <> {worker} AND NOT {dead}),
    t.told_of, t.planned, t.planned_of, t.end_not_shown, c.open, c.failed, c.unavailable, c.refused,
    coalesce((SELECT (extract(epoch FROM b.paused_until) * 1000000)::bigint FROM {s}.rate_budget b
        WHERE b.pipeline = r.pipeline), 0), (extract(epoch FROM {s}.clock()) * 1000000)::bigint,
    e.is_eldest, CASE WHEN e.is_eldest THEN {workers} END,
    CASE WHEN e.is_eldest AND t.pending > 0 THEN (
        SELECT greatest(0, ceil(extract(epoch FROM {s}.clock() - CASE WHEN t.pending > count(*) THEN r.planned_at
            ELSE min(q.not_before) END) * 1000))::bigint
        FROM (SELECT p.not_before FROM {s}.page p WHERE p.run_id = {run} AND p.state = 'pending'
            AND p.not_before > 'epoch' ORDER BY p.not_before LIMIT 1000) q) END
FROM {s}.run r
LEFT JOIN {s}.worker w ON w.id = {worker},
LATERAL (SELECT NOT EXISTS (SELECT FROM {s}.worker o WHERE o.run_id = {run} AND o.stopped_at IS NULL
    AND (o.started_at, o.id) < (w.started_at, w.id) AND NOT {dead}) AS is_eldest) e,
LATERAL (SELECT coalesce(sum(open), 0)::bigint AS open, coalesce(sum(proven), 0)::bigint AS proven,
    coalesce(sum(failed), 0)::bigint AS failed, coalesce(sum(by_pages), 0)::bigint AS by_pages,
    coalesce(sum(by_counts), 0)::bigint AS by_counts, coalesce(sum(end_not_shown), 0)::bigint AS end_not_shown,
    coalesce(sum(told), 0)::bigint AS told,
    coalesce(sum(told_of), 0)::bigint AS told_of, coalesce(sum(planned), 0)::bigint AS planned,
    coalesce(sum(planned_of), 0)::bigint AS planned_of, coalesce(sum(pending), 0)::bigint AS pending,
    coalesce(sum(leased), 0)::bigint AS leased, coalesce(sum(unavailable), 0)::bigint AS unavailable,
    coalesce(sum(refused), 0)::bigint AS refused, coalesce(sum(done), 0)::bigint AS done,
    coalesce(sum(fetched), 0)::bigint AS fetched, coalesce(sum(stored), 0)::bigint AS stored,
    coalesce(sum(quarantined), 0)::bigint AS quarantined, coalesce(sum(duplicates), 0)::bigint AS duplicates
    FROM {s}.run_tally WHERE run_id = {run}) t,
LATERAL (SELECT count(*) FILTER (WHERE s.state = 'open') AS open, count(*) FILTER (WHERE s.state = 'failed') AS failed,
    coalesce(sum((SELECT count(*) FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id
        AND p.state = 'failed' AND p.failure = 'unavailable')), 0)::bigint AS unavailable,
    coalesce(sum((SELECT count(*) FROM {s}.page p WHERE p.run_id = {run} AND p.slice_id = s.id
        AND p.state = 'failed' AND p.failure = 'refused')), 0)::bigint AS refused
    FROM {s}.slice s WHERE s.run_id = {run} AND s.carried_from IS NOT NULL AND s.state IN ('open', 'failed')
        AND {left}) c
WHERE r.id = {run})";

constexpr std::string_view failures_sql = R"(
SELECT key || ': ' || error FROM {s}.slice
WHERE run_id = {run} AND state = 'failed' AND carried_from IS NULL ORDER BY id LIMIT 20)";

constexpr std::string_view left_sql = R"(
SELECT s.key || ', left by run ' || s.carried_from || ': ' || coalesce(s.error,
    (SELECT 'page ' || p.no || ': ' || coalesce(p.error, '') FROM {s}.page p
     WHERE p.run_id = {run} AND p.slice_id = s.id AND p.state = 'failed' ORDER BY p.no LIMIT 1), '')
FROM {s}.slice s WHERE s.run_id = {run} AND s.carried_from IS NOT NULL AND s.state IN ('open', 'failed') AND {left}
ORDER BY s.id LIMIT 20)";

constexpr std::string_view end_refused_sql = R"(
SELECT s.key || ', ' || coalesce(p.error, '')
FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id AND p.pass = s.pass AND p.no = 0
WHERE s.run_id = {run} AND s.proof LIKE '%, end not shown' ORDER BY s.id LIMIT 1)";

constexpr std::string_view refusal_sql = R"(
SELECT s.key || ', page ' || p.no || ': ' || coalesce(p.error, '')
FROM {s}.page p JOIN {s}.slice s ON s.id = p.slice_id AND s.pass = p.pass
WHERE p.run_id = {run} AND p.state = 'failed' AND p.failure = 'refused' AND s.carried_from IS NULL ORDER BY p.slice_id, p.no LIMIT 1)";

constexpr std::string_view any_chain_sql =
    "SELECT EXISTS (SELECT FROM {s}.slice s WHERE s.run_id = {run} AND s.proof = 'chain')";

/// The weakest of the proven slices. The sums count a slice that was split with them, which has no proof, its
/// halves have; they are told apart once none is open, when the first row tells.
std::string proof_of(postgres::Connection& connection, const Scope& scope, std::int64_t open,
                     std::int64_t proven, std::int64_t by_pages, std::int64_t by_counts,
                     std::int64_t end_not_shown) {
    if (proven == 0) return "";
    if (proven > by_pages + by_counts &&
        (open > 0 || connection.exec(fill(any_chain_sql, scope)).boolean(0, 0)))
        return "chain";
    if (by_pages + by_counts == 0) return "";
    return std::string(by_pages > 0 ? "pages" : "counts") + (end_not_shown > 0 ? ", end not shown" : "");
}

RunStatus status_of(const std::string& state) {
    if (state == "running") return RunStatus::running;
    if (state == "succeeded") return RunStatus::succeeded;
    if (state == "superseded") return RunStatus::superseded;
    throw Failure(ErrorKind::bug, "ledger", "a run has the state " + state);
}

// One statement of three updates would be one snapshot and one round trip as well, but a beat must also tell
// what others changed before it. An expired lock that nobody took is renewed like any other.
constexpr std::string_view beat_sql = R"(
UPDATE {s}.worker SET {figures}, heartbeat_at = {s}.clock(), backend_pid = pg_backend_pid(),
    backend_start = (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a)
WHERE id = {worker};
UPDATE {s}.pipeline_lock SET expires_at = {s}.clock() + {stale}
WHERE pipeline = {pipeline} AND run_id = {run};
SELECT r.state, l.run_id IS NOT NULL, coalesce(r.stop_reason, ''), coalesce(r.stop_at >= w.started_at, false),
    n.others, n.refused
FROM {s}.run r
LEFT JOIN {s}.pipeline_lock l ON l.pipeline = {pipeline} AND l.run_id = r.id
LEFT JOIN {s}.worker w ON w.id = {worker},
LATERAL (SELECT count(*) AS others, count(*) FILTER (WHERE o.credential_refused) AS refused FROM {s}.worker o
    WHERE o.run_id = {run} AND o.stopped_at IS NULL AND o.id <> {worker} AND NOT {dead}) n
WHERE r.id = {run})";

// A reason from before this process started was told to others, and is theirs: it is replaced.
constexpr std::string_view stop_sql = R"(
UPDATE {s}.run r SET stop_reason = {reason}, stop_at = {s}.clock() FROM {s}.worker w
WHERE r.id = {run} AND r.state = 'running' AND w.id = {worker}
  AND (r.stop_at IS NULL OR r.stop_at < w.started_at))";

}  // namespace

RunState read_state(postgres::Connection& connection, const Scope& scope) {
    const std::string left = left_condition("s", scope);
    const std::string dead = dead_condition("o", scope, true);
    const auto rows = connection.exec(fill(
        state_sql, scope,
        {{"dead", dead}, {"left", left}, {"workers", fill(workers_at_work_sql, scope, {{"dead", dead}})}}));
    if (rows.empty())
        throw Failure(ErrorKind::fenced, "ledger",
                      "run " + std::to_string(scope.run) + " is gone from the ledger");
    RunState state{
        .status = status_of(rows.text(0, 0)),
        .stop_reason = rows.text(0, 1),
        .stop_is_ours_to_obey = rows.boolean(0, 2),
        .slices_open = rows.integer(0, 4) - rows.integer(0, 25),
        .slices_proven = rows.integer(0, 5),
        .slices_failed = rows.integer(0, 6) - rows.integer(0, 26),
        .slices_left = rows.integer(0, 25) + rows.integer(0, 26),
        .slices_told = rows.integer(0, 21),
        .slices_planned = rows.integer(0, 23),
        .slices_end_not_shown = rows.integer(0, 24),
        .pages_pending = rows.integer(0, 10),
        .pages_leased = rows.integer(0, 11),
        .pages_done = rows.integer(0, 14),
        .pages_unavailable = rows.integer(0, 12) - rows.integer(0, 27),
        .pages_refused = rows.integer(0, 13) - rows.integer(0, 28),
        .pages_planned = rows.integer(0, 22),
        .first_refusal = {},
        .rows_stored = rows.integer(0, 16),
        .rows_quarantined = rows.integer(0, 17),
        .rows_duplicate = rows.integer(0, 18),
        .rows_fetched = rows.integer(0, 15),
        .rows_told = rows.integer(0, 21) > 0 ? std::optional(rows.integer(0, 7)) : std::nullopt,
        .other_workers = rows.integer(0, 20),
        .is_eldest = rows.boolean(0, 31),
        .workers = read_workers(rows[0][32].value_or("")),
        .oldest_due = {},
        .next_due = {},
        .pause = {.until = Micros(rows.integer(0, 29)), .now = Micros(rows.integer(0, 30))},
        .proof = proof_of(connection, scope, rows.integer(0, 4) - rows.integer(0, 25), rows.integer(0, 5),
                          rows.integer(0, 8), rows.integer(0, 9), rows.integer(0, 24)),
        .end_refused = {},
        .left = {},
        .failures = {},
        .key_overlap = rows.text(0, 3),
        .slices_locked = 0,
        .news = {}};
    if (const auto due = optional_integer(rows[0][19])) state.next_due = Millis(*due);
    if (const auto age = optional_integer(rows[0][33])) state.oldest_due = Millis(*age);
    if (state.slices_failed > 0) {
        const auto failures = connection.exec(fill(failures_sql, scope));
        for (std::size_t i = 0; i < failures.size(); ++i)
            state.failures.push_back(failures.text(i, 0));
    }
    if (state.slices_left > 0) {
        const auto told = connection.exec(fill(left_sql, scope, {{"left", left}}));
        for (std::size_t i = 0; i < told.size(); ++i)
            state.left.push_back(told.text(i, 0));
    }
    if (state.slices_end_not_shown > 0 && state.slices_open == 0) {
        const auto refused = connection.exec(fill(end_refused_sql, scope));
        if (!refused.empty()) state.end_refused = refused.text(0, 0);
    }
    if (state.pages_refused > 0) {
        // Read after the counts: another process may have begun a pass anew between them.
        const auto refusal = connection.exec(fill(refusal_sql, scope));
        if (!refusal.empty()) state.first_refusal = refusal.text(0, 0);
    }
    return state;
}

Beat beat(postgres::Connection& connection, const Scope& scope, const WorkerFigures& figures) {
    const auto rows = connection.exec(fill(beat_sql, scope,
                                           {{"stale", interval_literal(scope.stale)},
                                            {"figures", figures_assigned(figures)},
                                            {"dead", dead_condition("o", scope, true)}}));
    if (rows.empty()) return {.status = RunStatus::superseded, .lock_is_ours = false, .stop_reason = ""};
    return {.status = status_of(rows.text(0, 0)),
            .lock_is_ours = rows.boolean(0, 1),
            .stop_reason = rows.text(0, 2),
            .stop_is_ours_to_obey = rows.boolean(0, 3),
            .others = rows.integer(0, 4),
            .others_refused = rows.integer(0, 5)};
}

void tell_stop(postgres::Connection& connection, const Scope& scope, const std::string& reason) {
    in_fence(connection, scope, [&] {
        connection.exec(fill(stop_sql, scope, {{"reason", told_literal(scope, reason)}}));
    });
}

}  // namespace pagehaul::ledger
