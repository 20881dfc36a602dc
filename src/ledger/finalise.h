#pragma once

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

enum class Finalised {
    changed,    ///< the run has succeeded, or it is noted that keys are not unique across slices
    elsewhere,  ///< another process is at it
    not_now,    ///< the pipeline's lock was not free, or a slice is not proven any more
};
/// Every slice is proven: sets the run succeeded and frees the lock, in one
/// exclusive transaction; or notes that keys are not unique across slices. One process at a time counts.
Finalised finalise(postgres::Connection& connection, const Scope& scope, const Policies& policies);

}  // namespace pagehaul::ledger
