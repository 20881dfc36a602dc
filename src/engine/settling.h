#pragma once

#include <memory>
#include <optional>

#include "engine/shared/connecting.h"
#include "engine/shared/context.h"
#include "ledger/run_state.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// A connection that answers within seconds, for what follows. `warm`, the claimer's, is good for it when the
/// run has just succeeded on it; after anything else its link may be silently dead, and a new one is opened.
/// `statement`: how long each may take.
/// @return null (and a warning) when the database cannot be reached.
std::unique_ptr<postgres::Connection> connection_to_settle(const Context& context,
                                                           const std::optional<ledger::RunState>& last_known,
                                                           std::unique_ptr<postgres::Connection> warm,
                                                           Millis statement = kBriefStatement);
/// Phase 4 of a stop, and the end of a good run: this worker's leases go back, its row says stopped, the lock
/// is freed if nobody else of the run is alive. Keeps the verdict with the run. A database that does not
/// answer within seconds, or a `connection` that is null, is left alone: a later start finds a worker without
/// a backend.
/// @return the run as the ledger has it at the end, or, should it not answer, `last_known`.
std::optional<ledger::RunState> settle(Context& context, std::optional<ledger::RunState> last_known,
                                       postgres::Connection* connection);
/// Deletes runs older than ledger.keep, a few at a time; after a success and its verdict, never fatal.
void prune_old_runs(const Context& context, postgres::Connection& connection);

}  // namespace pagehaul::engine
