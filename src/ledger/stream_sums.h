#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// What a run has of one of its streams.
struct StreamSums {
    std::string stream;
    std::int64_t slices = 0, slices_proven = 0, slices_failed = 0;
    std::int64_t pages_done = 0, rows_stored = 0, rows_quarantined = 0;
};

/// Of `scope.run`, in the order in which they began; none where its config has no streams. Reads every slice:
/// for a run's end, and for people.
std::vector<StreamSums> read_streams(postgres::Connection& connection, const Scope& scope);

}  // namespace pagehaul::ledger
