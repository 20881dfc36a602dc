#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/cgroup.h"
#include "engine/context.h"
#include "engine/run.h"
#include "engine/sizing.h"
#include "ledger/run_state.h"
#include "ledger/start.h"
#include "telemetry/progress.h"

namespace pagehaul::engine {

// The collector's side of a run: what people, the gateway and Kubernetes are told of it.

void log_start(const Context& context, const RunOptions& options, const Sizing& sizing,
               const MachineLimits& limits);
void log_started(const ledger::Started& started);
void log_summary(const Context& context, const Verdict& verdict, const ledger::RunState& state, Nanos took);

telemetry::ProgressSnapshot progress_snapshot(const std::optional<ledger::RunState>& state,
                                              const Tallies& tallies, std::int64_t pages_done_before,
                                              int in_flight, int in_flight_limit, bool stopping);

/// A connection that answers within seconds, for what follows. `warm`, the claimer's, is good for it when the
/// run has just succeeded on it; after anything else its link may be silently dead, and a new one is opened.
/// @return null (and a warning) when the database cannot be reached.
std::unique_ptr<postgres::Connection> connection_to_settle(const Context& context,
                                                           const std::optional<ledger::RunState>& last_known,
                                                           std::unique_ptr<postgres::Connection> warm);
/// Phase 4 of a stop, and the end of a good run: this worker's leases go back, its row says stopped, the lock
/// is freed if nobody else of the run is alive. Keeps the verdict with the run. A database that does not
/// answer within seconds, or a `connection` that is null, is left alone: a later start finds a worker without
/// a backend.
/// @return the run as the ledger has it at the end, or, should it not answer, `last_known`.
std::optional<ledger::RunState> settle(Context& context, std::optional<ledger::RunState> last_known,
                                       postgres::Connection* connection);
/// Deletes runs older than ledger.keep, a few at a time; after a success and its verdict, never fatal.
void prune_old_runs(const Context& context, postgres::Connection& connection);

/// One line into Kubernetes' termination message file, where that exists; never fatal.
void write_termination_log(const std::string& path, const std::string& line);

}  // namespace pagehaul::engine
