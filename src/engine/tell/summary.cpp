#include "engine/tell/summary.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "config/values.h"
#include "log/log.h"

namespace pagehaul::engine {
void log_start(const Context& context, const std::string& version, const machine::Sizing& sizing,
               const machine::MachineLimits& limits) {
    std::vector<log::Field> fields{{"version", version}, {"config", context.config.file}};
    for (const auto& [name, value] : sizing.facts(limits))
        fields.push_back({name, value});
    log::write(log::Level::info, "start", fields);
    for (const auto& warnings : {context.config.warnings, sizing.warnings})
        for (const std::string& warning : warnings)
            log::warn(warning, {});
}

void log_short_grace(const Context& context, const Grace& grace) {
    const Nanos drain = drain_within(context.config.run.drain, grace.told());
    if (drain >= context.config.run.drain) return;
    log::info("a SIGTERM leaves less than run.drain",
              {{"cause", "PAGEHAUL_GRACE of " + config::write_duration(*grace.told()) + " leaves " +
                             config::write_duration(std::chrono::floor<Millis>(drain)) + " of " +
                             config::write_duration(context.config.run.drain)}});
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
                {"pages_skipped", tallies.pages_skipped.load()},
                {"slices_proven", state.slices_proven},
                {"slices_open", state.slices_open},
                {"slices_failed", state.slices_failed},
                {"slices_left", state.slices_left},
                {"requests", tallies.requests.load()},
                {"retries", tallies.retries.load()},
                {"longest_poll_ms", tallies.longest_poll_ms.load()},
                {"rows_per_s",
                 static_cast<std::int64_t>(static_cast<double>(tallies.rows_fetched.load()) / seconds)}});
    for (const ledger::StreamSums& of : state.streams)
        log::write(of.slices_failed > 0 ? log::Level::error : log::Level::info, "stream",
                   {{"stream", of.stream},
                    {"slices_proven", of.slices_proven},
                    {"slices_open", of.slices - of.slices_proven - of.slices_failed},
                    {"slices_failed", of.slices_failed},
                    {"pages_done", of.pages_done},
                    {"stored", of.rows_stored},
                    {"quarantined", of.rows_quarantined}});
    for (const std::string& failure : state.failures)
        log::error("slice failed", {{"cause", failure}});
    for (const std::string& left : state.left)
        log::warn("slice of an older run is still not pulled", {{"cause", left}});
}

telemetry::ProgressSnapshot progress_snapshot(const std::optional<ledger::RunState>& state,
                                              const Tallies& tallies, std::int64_t pages_done_before,
                                              int in_flight, int in_flight_limit, bool stopping,
                                              bool linked) {
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
    // A chain has pages that nobody knows of before its end.
    const bool known = !linked || state->slices_open == 0;
    if (total > 1 && known) snapshot.pages_total = std::max(total, snapshot.pages_done);
    snapshot.pages_done = std::max(snapshot.pages_done, state->pages_done);
    if (!stopping && total > 1 && known && state->pages_done == total) snapshot.phase = "proving";
    return snapshot;
}

void write_termination_log(const std::string& path, const std::string& line) {
    if (path.empty() || ::access(path.c_str(), W_OK) != 0) return;
    std::ofstream file(path, std::ios::trunc);
    file << line << '\n';
    if (!file.flush()) log::warn("could not write the termination message", {{"cause", path}});
}

}  // namespace pagehaul::engine
