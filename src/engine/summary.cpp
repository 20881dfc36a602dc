#include "engine/summary.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "engine/run_metrics.h"
#include "engine/start_up.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

void warn_unsettled(const Failure& failure) {
    log::warn("could not settle with the ledger; the next start will", {{"cause", failure.error().text()}});
}

}  // namespace

void log_start(const Context& context, const RunOptions& options, const Sizing& sizing,
               const MachineLimits& limits) {
    std::vector<log::Field> fields{{"version", options.version}, {"config", context.config.file}};
    for (const auto& [name, value] : sizing.facts(limits))
        fields.push_back({name, value});
    log::write(log::Level::info, "start", fields);
    for (const std::string& warning : sizing.warnings)
        log::warn(warning, {});
}

void log_started(const ledger::Started& started) {
    std::string_view how;
    switch (started.kind) {
        case ledger::Started::Kind::planned:
            how = "a new run";
            break;
        case ledger::Started::Kind::joined:
            how = "joined a run in progress";
            break;
        case ledger::Started::Kind::resumed:
            how = "resumed the run of this key";
            break;
        case ledger::Started::Kind::adopted:
            how = "adopted the newest unfinished run";
            break;
    }
    log::info("run started", {{"reason", how}, {"pages_done", started.pages_done}});
    for (const std::string& warning : started.warnings)
        log::warn(warning, {});
}

void log_summary(const Context& context, const Verdict& verdict, const ledger::RunState& state, Nanos took) {
    const double seconds = std::max(1e-3, std::chrono::duration<double>(took).count());
    const Tallies& tallies = context.tallies;
    const log::Level level = verdict.word == "failed" ? log::Level::error : log::Level::info;
    log::write(level, "summary",
               {{"verdict", verdict.word},
                {"exit_code", static_cast<int>(verdict.code)},
                {"reason", verdict.reason},
                {"proof", state.proof},
                {"duration_ms", took},
                {"rows", state.rows_fetched},
                {"stored", state.rows_stored},
                {"changed", tallies.rows_changed.load()},
                {"quarantined", state.rows_quarantined},
                {"duplicates", state.rows_duplicate},
                {"nul_replaced", tallies.nul_replaced.load()},
                {"pages_done", state.pages_done},
                {"pages_open", state.pages_pending + state.pages_leased},
                {"pages_failed", state.pages_unavailable + state.pages_refused},
                {"slices_proven", state.slices_proven},
                {"slices_open", state.slices_open},
                {"slices_failed", state.slices_failed},
                {"requests", tallies.requests.load()},
                {"retries", tallies.retries.load()},
                {"rows_per_s",
                 static_cast<std::int64_t>(static_cast<double>(tallies.rows_fetched.load()) / seconds)}});
    for (const std::string& failure : state.failures)
        log::error("slice failed", {{"cause", failure}});
}

telemetry::ProgressSnapshot progress_snapshot(const std::optional<ledger::RunState>& state,
                                              const Tallies& tallies, std::int64_t pages_done_before,
                                              int in_flight, int in_flight_limit, bool stopping) {
    telemetry::ProgressSnapshot snapshot;
    snapshot.rows = tallies.rows_stored;
    snapshot.pages_done = pages_done_before + tallies.pages_stored;
    snapshot.in_flight = in_flight;
    snapshot.in_flight_limit = in_flight_limit;
    snapshot.retries = tallies.retries;
    snapshot.failed = tallies.pages_failed;
    snapshot.phase = stopping ? "draining" : "pulling";
    if (!state) {
        snapshot.phase = "planning";
        return snapshot;
    }
    // What this process has stored since the last look at the ledger is in neither figure of that look.
    const std::int64_t total = state->pages_pending + state->pages_leased + state->pages_done +
                               state->pages_unavailable + state->pages_refused;
    if (total > 1) snapshot.pages_total = std::max(total, snapshot.pages_done);
    snapshot.pages_done = std::max(snapshot.pages_done, state->pages_done);
    if (!stopping && total > 1 && state->pages_done == total) snapshot.phase = "proving";
    return snapshot;
}

std::unique_ptr<postgres::Connection> connection_to_settle(const Context& context,
                                                           const std::optional<ledger::RunState>& last_known,
                                                           std::unique_ptr<postgres::Connection> warm) {
    const bool has_succeeded = last_known && last_known->status == ledger::RunStatus::succeeded;
    try {
        if (has_succeeded && warm != nullptr && warm->is_open() && !context.scope.pgbouncer) {
            warm->exec("SET statement_timeout = " + std::to_string(kBriefStatement.count()));
            return warm;
        }
        warm.reset();
        return connect_briefly(context);
    } catch (const Failure& failure) {
        warn_unsettled(failure);
        return nullptr;
    }
}

std::optional<ledger::RunState> settle(Context& context, std::optional<ledger::RunState> last_known,
                                       postgres::Connection* connection) {
    std::optional<ledger::RunState> state = std::move(last_known);
    if (connection == nullptr) return state;
    try {
        state = ledger::read_state(*connection, context.scope);
        const Verdict verdict = judge_run(context.stop.cause(), context.stop.reason(), *state);
        std::string kept = log::redacted(
            termination_message(verdict, context.config.pipeline, context.scope.run, *state, Millis{0}));
        if (const auto until = read_watermark(context, *connection)) {
            context.metrics.set_watermark(*until);
            const auto seconds = std::chrono::floor<std::chrono::seconds>(until->time_since_epoch());
            kept = ledger::with_complete_until(std::move(kept), seconds.count());
        }
        ledger::settle(*connection, context.scope, kept);
        // Of processes that end at the same time the last to say that it stopped must find itself alone.
        if (state->other_workers > 0)
            state->other_workers = ledger::read_state(*connection, context.scope).other_workers;
    } catch (const Failure& failure) {
        warn_unsettled(failure);
    }
    return state;
}

void prune_old_runs(const Context& context, postgres::Connection& connection) {
    try {
        ledger::prune(connection, context.scope, context.config.ledger.keep, 10);
    } catch (const Failure& failure) {
        log::warn("could not delete old runs from the ledger", {{"cause", failure.error().text()}});
    }
}

void write_termination_log(const std::string& path, const std::string& line) {
    if (path.empty() || ::access(path.c_str(), W_OK) != 0) return;
    std::ofstream file(path, std::ios::trunc);
    file << log::redacted(line) << '\n';
    if (!file.flush()) log::warn("could not write the termination message", {{"cause", path}});
}

}  // namespace pagehaul::engine
