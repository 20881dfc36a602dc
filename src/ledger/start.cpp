#include "ledger/start.h"

#include "core/fault.h"
#include "ledger/blockers.h"
#include "ledger/publish.h"
#include "ledger/reaping.h"
#include "ledger/starting.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr Millis lock_round{2'000};

constexpr std::string_view by_key_sql = R"(
SELECT r.id, r.state, r.fingerprint, r.fingerprint_text,
    EXISTS (SELECT FROM {s}.slice s WHERE s.run_id = r.id) FROM {s}.run_key k JOIN {s}.run r ON r.id = k.run_id
WHERE k.pipeline = {pipeline} AND k.key = {key})";

// The view says what a run in progress is: whoever scales workers by it has them find the same one.
constexpr std::string_view in_progress_sql = R"(
SELECT r.id, r.fingerprint, r.fingerprint_text FROM {s}.queue_length q JOIN {s}.run r ON r.id = q.run
WHERE q.pipeline = {pipeline} ORDER BY r.id DESC LIMIT 1)";

constexpr std::string_view free_key_sql =
    "DELETE FROM {s}.run_key WHERE pipeline = {pipeline} AND key = {key}";

constexpr std::string_view holder_sql = R"(
SELECT r.id, coalesce((SELECT k.key FROM {s}.run_key k WHERE k.run_id = r.id ORDER BY k.key LIMIT 1), ''),
    w.host, w.pid
FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id JOIN {s}.worker w ON w.run_id = r.id
WHERE l.pipeline = {pipeline} AND r.id <> {mine} AND w.id <> {worker} AND NOT {dead}
ORDER BY w.heartbeat_at DESC LIMIT 1)";

constexpr std::string_view take_sql = R"(
UPDATE {s}.pipeline_lock SET run_id = {run}, expires_at = {s}.clock() + {stale} WHERE pipeline = {pipeline};
INSERT INTO {s}.worker (id, run_id, host, pid, backend_pid, backend_start)
VALUES ({worker}, {run}, {host}, {pid}, {backend}, {backend_start})
ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, heartbeat_at = excluded.heartbeat_at,
    backend_pid = excluded.backend_pid, backend_start = excluded.backend_start, stopped_at = NULL)";

// What a process told all others of the run was of their time. Workers are wanted again.
constexpr std::string_view forget_stop_sql =
    "UPDATE {s}.run SET stop_reason = NULL, stop_at = NULL WHERE id = {run} AND stop_reason IS NOT NULL";

constexpr std::string_view backend_start_sql =
    "(SELECT a.backend_start FROM pg_stat_get_activity({backend}) a)";

constexpr std::string_view pages_done_sql = R"(
SELECT coalesce(sum(t.pages), 0)::bigint FROM {s}.slice s
JOIN {s}.tally t ON t.slice_id = s.id AND t.pass = s.pass WHERE s.run_id = {run})";

// Of a key without a run, no run's id.
constexpr std::string_view run_of_key_sql = R"(
coalesce((SELECT k.run_id FROM {s}.run_key k WHERE k.pipeline = {pipeline} AND k.key = {key}), 0))";

/// `mine`: an SQL expression, the id of the run that is no holder.
std::optional<Busy> find_holder(postgres::Connection& connection, const Scope& scope,
                                const std::string& mine) {
    const auto rows = connection.exec(
        fill(holder_sql, scope, {{"mine", mine}, {"dead", dead_condition("w", scope, true)}}));
    if (rows.empty()) return std::nullopt;
    return Busy{.run = rows.integer(0, 0),
                .key = rows.text(0, 1),
                .host = rows.text(0, 2),
                .pid = static_cast<int>(rows.integer(0, 3))};
}

/// The lock goes to the scope's run, and this process becomes one of its workers; what its dead left leased
/// is free again before anybody claims.
void take(postgres::Connection& connection, const Scope& scope, const StartRequest& request,
          bool judge_time) {
    const std::string backend = std::to_string(request.worker.backend_pid);
    connection.exec(
        fill(take_sql, scope,
             {{"stale", interval_literal(scope.stale)},
              {"host", text_literal(request.worker.host)},
              {"pid", std::to_string(request.worker.pid)},
              {"backend", backend},
              {"backend_start",
               scope.pgbouncer ? "NULL" : fill(backend_start_sql, scope, {{"backend", backend}})}}));
    reap_leases(connection, scope, std::nullopt, judge_time);
}

Started begun(postgres::Connection& connection, const Scope& scope, Started::Kind kind,
              std::vector<std::string> warnings) {
    return {.run = scope.run,
            .kind = kind,
            .warnings = std::move(warnings),
            .pages_done = connection.exec(fill(pages_done_sql, scope)).integer(0, 0)};
}

/// Becomes one of the workers of the scope's run, which is unfinished, unless another run holds the pipeline.
StartOutcome enter(postgres::Connection& connection, const Scope& scope, const StartRequest& request) {
    if (auto busy = find_holder(connection, scope, std::to_string(scope.run))) return *busy;
    const bool joined = has_fresh_workers(connection, scope);
    // Beside fresh workers only they may judge by time, who have watched the clock longer than we.
    take(connection, scope, request, !joined);
    // Helpers come and go, and would ask each time for what waits, or has used up its attempts.
    if (request.intent != StartRequest::Intent::work) {
        // Their pause may have been told by an API that is another now; what fresh workers wait for is
        // theirs.
        if (!joined) {
            connection.exec(fill(forget_stop_sql, scope));
            make_due(connection, scope);
            begin_rate_anew(connection, scope);
        }
        reopen_unavailable(connection, scope);
    }
    auto warnings = notice_target(connection, scope, request);
    return begun(connection, scope, joined ? Started::Kind::joined : Started::Kind::resumed,
                 std::move(warnings));
}

/// The run that has the request's key.
StartOutcome resume(postgres::Connection& connection, Scope& scope, const StartRequest& request,
                    const postgres::Rows& run) {
    scope.run = run.integer(0, 0);
    if (run.text(0, 2) != request.fingerprint)
        return Differs{scope.run, fingerprint_difference(run.text(0, 3), request.fingerprint_text)};
    if (run.text(0, 1) == "succeeded") return AlreadySucceeded{scope.run, !run.boolean(0, 4)};
    if (run.text(0, 1) != "running")
        throw Failure(ErrorKind::bug, "ledger",
                      "the run of this key is superseded, but the key does not point to its successor");
    return enter(connection, scope, request);
}

/// Joins the run in progress, or goes on with it where its workers have died.
StartOutcome help(postgres::Connection& connection, Scope& scope, const StartRequest& request) {
    const auto run = connection.exec(fill(in_progress_sql, scope));
    if (run.empty())
        return NothingToHelp{.why = "no run of pipeline " + request.pipeline + " is in progress"};
    scope.run = run.integer(0, 0);
    if (run.text(0, 1) != request.fingerprint) {
        const auto lines = fingerprint_difference(run.text(0, 2), request.fingerprint_text);
        return NothingToHelp{.why = "run " + std::to_string(scope.run) + " is of another config" +
                                    (lines.empty() ? "" : ": " + lines.front()),
                             .another_config = true};
    }
    return enter(connection, scope, request);
}

/// The key's run had no slice to pull, and now there are some: the key is as good as new.
bool nothing_was_due(const postgres::Rows& run, const StartRequest& request) {
    return run.text(0, 1) == "succeeded" && !run.boolean(0, 4) && run.text(0, 2) == request.fingerprint &&
           request.intent == StartRequest::Intent::run && !request.slices.empty();
}

StartOutcome decide(postgres::Connection& connection, Scope& scope, const StartRequest& request) {
    if (request.intent == StartRequest::Intent::work) return help(connection, scope, request);
    const auto by_key = connection.exec(fill(by_key_sql, scope, {{"key", text_literal(request.key)}}));
    if (!by_key.empty() && !nothing_was_due(by_key, request))
        return resume(connection, scope, request, by_key);
    if (auto busy = find_holder(connection, scope, "0")) return *busy;

    if (!by_key.empty()) connection.exec(fill(free_key_sql, scope, {{"key", text_literal(request.key)}}));
    const bool retry = request.intent == StartRequest::Intent::retry;
    if (!retry && !request.fresh) {
        if (const auto adopted = find_adoptable(connection, scope, request)) {
            scope.run = *adopted;
            take(connection, scope, request, true);
            connection.exec(fill(forget_stop_sql, scope));
            make_due(connection, scope);
            begin_rate_anew(connection, scope);
            std::vector<std::string> warnings = notice_target(connection, scope, request);
            for (std::string& warning : adopt(connection, scope, request))
                warnings.push_back(std::move(warning));
            return begun(connection, scope, Started::Kind::adopted, std::move(warnings));
        }
    }
    std::vector<PlannedSlice> slices = retry ? slices_to_retry(connection, scope) : request.slices;
    // Those of streams that this start does not pull stay for one that does.
    std::erase_if(slices,
                  [&](const PlannedSlice& slice) { return !request.parameters.contains(slice.stream); });
    if (retry && slices.empty()) {
        if (const auto unfinished = find_unfinished(connection, scope)) return Unfinished{*unfinished};
        return NothingToRetry{};
    }
    slices = unpublished(connection, scope, slices, request.once);
    Inserted inserted = insert_run(connection, scope, request, slices);
    scope.run = inserted.run;
    fault_point("start.planned");
    take(connection, scope, request, true);
    begin_rate_anew(connection, scope);
    return Started{
        .run = scope.run, .kind = Started::Kind::planned, .warnings = std::move(inserted.warnings)};
}

/// Opens the transaction. A dead holder is ended first: it may hold the lock for ever.
///
/// A start judges stale heartbeats without having watched the clock, which a worker may not (reap): it has no
/// past, and watching for the stale time would delay every take-over from a lost node by it. Wrong it can
/// only be in the moment after the database stood still for the stale time, before the holder has beaten
/// again; the fence then ends the holder's run without a row lost or stored twice, and its work goes on here.
void begin_taking(postgres::Connection& connection, const Scope& scope) {
    const Millis limit = scope.stale + lock_grace;
    for (Millis waited{0}; waited < limit; waited += lock_round) {
        terminate_dead(connection, scope, true);
        if (begin_exclusive(connection, scope, lock_round)) return;
    }
    const std::string holder = lock_holder(connection, scope);
    throw Failure(ErrorKind::fenced, "pipeline",
                  "the lock of pipeline " + scope.pipeline + " was not free for " +
                      std::to_string(limit.count() / 1000) + " s" +
                      (holder.empty() ? "" : ", held by " + holder));
}

}  // namespace

std::optional<Busy> look_for_holder(postgres::Connection& connection, const Scope& scope,
                                    const std::string& key) {
    return find_holder(connection, scope, fill(run_of_key_sql, scope, {{"key", text_literal(key)}}));
}

StartOutcome start(postgres::Connection& connection, const StartRequest& request) {
    const Scope outside{.schema = request.schema,
                        .pipeline = request.pipeline,
                        .worker = request.worker.id,
                        .run = 0,
                        .stale = request.stale,
                        .pgbouncer = request.pgbouncer,
                        .ascii_only = request.ascii_only};
    return again_after_deadlock(connection, [&] {
        Scope scope = outside;
        begin_taking(connection, scope);
        StartOutcome outcome = decide(connection, scope, request);
        if (std::holds_alternative<Started>(outcome))
            connection.commit();
        else
            connection.rollback();
        return outcome;
    });
}

}  // namespace pagehaul::ledger
