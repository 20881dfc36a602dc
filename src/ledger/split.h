#pragma once

#include <array>
#include <string>
#include <vector>

#include "ledger/start.h"
#include "ledger/types.h"

namespace pagehaul::ledger {

/// Setback::halves.
std::string write_halves(const std::array<PlannedSlice, 2>& halves);

/// Puts the halves of open slices in their place, with a page 1 each: `rows` are (slice id, pass) as SQL. The
/// slice rows are locked FOR UPDATE and no page of the pass is leased: nothing of a slice is written behind
/// its halves. What there is of the old pass counts no more.
std::string split_statements(const Scope& scope, const std::vector<std::string>& rows);

}  // namespace pagehaul::ledger
