#pragma once

#include <optional>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// The steps of `reap` that a start takes too. For the folder's own files.

/// Ends the backends of the pipeline's workers that are dead. Outside any transaction that waits for them.
/// @return how many.
int terminate_dead(postgres::Connection& connection, const Scope& scope, bool judge_time);

/// Inside a transaction that holds the pipeline's advisory lock: the leases of dead workers become pending,
/// and those older than `max_lease`. @return how many.
int reap_leases(postgres::Connection& connection, const Scope& scope, std::optional<Millis> max_lease,
                bool judge_time);

}  // namespace pagehaul::ledger
