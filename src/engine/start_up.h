#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "engine/run.h"
#include "ledger/start.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// A new UUID, version 4.
std::string new_uuid(Random& random);

/// How this process connects: its worker id is in every connection's application_name, by which reapers find
/// them.
postgres::ConnectOptions connect_options(const config::Config& config, const std::string& worker);

constexpr Millis kBriefStatement{5'000};
/// A connection that answers within seconds or fails: 2 s to connect, kBriefStatement for each statement. For
/// the end of a process, which nothing may hold up. Throws Failure.
std::unique_ptr<postgres::Connection> connect_briefly(const Context& context);

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
