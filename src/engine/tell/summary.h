#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/shared/context.h"
#include "engine/shared/grace.h"
#include "engine/tell/verdict.h"
#include "ledger/run_state.h"
#include "ledger/start.h"
#include "machine/cgroup.h"
#include "machine/sizing.h"
#include "telemetry/progress.h"

namespace pagehaul::engine {

// The collector's side of a run: what people, the gateway and Kubernetes are told of it.

void log_start(const Context& context, const std::string& version, const machine::Sizing& sizing,
               const machine::MachineLimits& limits);
/// Where a SIGTERM's grace leaves less than run.drain.
void log_short_grace(const Context& context, const Grace& grace);
void log_started(const ledger::Started& started);
void log_summary(const Context& context, const Verdict& verdict, const ledger::RunState& state, Nanos took);

telemetry::ProgressSnapshot progress_snapshot(const std::optional<ledger::RunState>& state,
                                              const Tallies& tallies, std::int64_t pages_done_before,
                                              int in_flight, int in_flight_limit, bool stopping, bool linked);

/// One line into Kubernetes' termination message file, where that exists; never fatal.
void write_termination_log(const std::string& path, const std::string& line);

}  // namespace pagehaul::engine
