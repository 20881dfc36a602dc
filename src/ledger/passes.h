#pragma once

#include <string>
#include <variant>

#include "ledger/types.h"

namespace pagehaul::ledger {

struct NextPass {
    std::string why;
};
struct PassesUsedUp {
    std::string why;
};
/// Pure: what becomes of an open slice whose pass did not prove it.
std::variant<NextPass, PassesUsedUp> after_moved(const Policy& policy, int pass, int first_pass,
                                                 const std::string& why);

/// Starts pass + 1 of open slices: `rows` are (slice id, pass, why) as SQL. The slice rows are locked FOR
/// UPDATE and no page of the pass is leased. What is pending or failed of the old pass goes, and what it
/// quarantined.
std::string next_pass_statements(const Scope& scope, const std::vector<std::string>& rows);

/// Adoption: failed slices of the run reopen at pass + 1, their passes counted afresh.
std::string reopen_statements(const Scope& scope);

/// Open and proven slices of the run with a stored page for which `which` (SQL over page p) holds begin a new
/// pass, their passes counted afresh; not those with a leased page: an older pass never writes after a newer.
/// One row affected a slice.
std::string renew_statement(const Scope& scope, const std::string& why, const std::string& which);

}  // namespace pagehaul::ledger
