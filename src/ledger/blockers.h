#pragma once

#include <string>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// Who is in the way, for an error that names it: "backend 4711 (pagehaul 0f3c…, role loader)"; "" when nobody
// is any more. Of several the one whose transaction is the oldest.

/// Of the pipeline's advisory lock.
std::string lock_holder(postgres::Connection& connection, const Scope& scope);
/// Of rows of the ledger's slices.
std::string slices_holder(postgres::Connection& connection, const Scope& scope);

}  // namespace pagehaul::ledger
