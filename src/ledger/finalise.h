#pragma once

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// Every slice is proven: sets the run succeeded and frees the lock, in one exclusive transaction; or notes
/// that keys are not unique across slices. @return false when nothing changed: another process was first, or
/// the lock was not free this time.
bool finalise(postgres::Connection& connection, const Scope& scope, const Policy& policy);

}  // namespace pagehaul::ledger
