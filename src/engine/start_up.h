#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/run.h"
#include "engine/shared/context.h"
#include "ledger/start.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// The policy part of the config, as the ledger wants it.
ledger::Policy policy_of(const config::Config& config);

struct StartedUp {
    ledger::StartOutcome outcome;
    std::unique_ptr<postgres::Connection> heartbeat;  ///< its backend stands in the worker's row
    /// For the claimer: its backend has planned statements on the ledger's tables already, which a new one
    /// would do again, at a few ms each.
    std::unique_ptr<postgres::Connection> claimer;
};

/// Brings ledger and target into shape, expands the slices, and starts or joins the run. Waits for a database
/// that is down, up to run.patience. Throws Failure. Fills in `context.scope`.
StartedUp start_up(Context& context, const RunOptions& options);

}  // namespace pagehaul::engine
