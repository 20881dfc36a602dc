#pragma once

#include <string>
#include <vector>

#include "ledger/types.h"

namespace pagehaul::ledger {

/// The statement, ended by ';', with which a commit of these pages plans the slices that their records make,
/// each with its page 1; what the run has already stays as it is, and what another has published of a stream
/// whose policy is `once` is left out. Empty when there are none.
std::string child_statements(const Scope& scope, const Policies& policies,
                             const std::vector<const PageResult*>& pages);

}  // namespace pagehaul::ledger
