#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// Slices by id, and what proves each.
using ProvenSlices = std::map<std::int64_t, std::string>;

/// Of a commit's pages those that are page 1 and all of their slice, and that show this themselves, prove it,
/// as the poll that found the slice finished would (src/ledger/README.md, "Proof of a slice"). In the
/// transaction that stores them, in one round trip with the statements `settling`, if there are any such.
/// @return what is proven, planned as well
ProvenSlices prove_at_once(postgres::Connection& connection, const Scope& scope, const Policies& policies,
                           const std::vector<const PageResult*>& pages, const std::string& settling);

}  // namespace pagehaul::ledger
