#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/run.h"
#include "engine/shared/context.h"
#include "ledger/start.h"
#include "postgres/connection.h"
#include "sink/staging.h"

namespace pagehaul::engine {

/// The policy part of the config, as the ledger wants it.
ledger::Policies policies_of(const config::Config& config);

struct StartedUp {
    ledger::StartOutcome outcome;
    std::set<std::string> row_triggers;               ///< the streams of which sink::has_row_triggers
    std::unique_ptr<postgres::Connection> heartbeat;  ///< its backend stands in the worker's row
    /// For the claimer: its backend has planned statements on the ledger's tables already, which a new one
    /// would do again, at a few ms each.
    std::unique_ptr<postgres::Connection> claimer;
};

/// Brings ledger and target into shape, expands the slices, and starts or joins the run. Waits for a database
/// that is down, up to run.patience, and for another run's end where the options say so: Busy is then the
/// outcome only where a stop ended the wait. Throws Failure. Fills in `context.scope`.
StartedUp start_up(Context& context, const RunOptions& options);

}  // namespace pagehaul::engine
