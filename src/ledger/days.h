#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// Days that some run of the pipeline pulled as one slice, or as several that differ in another dimension.
struct DaysOfRun {
    std::int64_t run = 0;
    std::int64_t planned_at = 0;  ///< Unix seconds
    std::string first, last;      ///< as the slice's parameters have them, 2026-11-22
    bool proven = false;          ///< all those slices are
};

/// What the pipeline's runs have pulled, by the days of `dimension`; ordered by run. At most a second: a
/// ledger that needs longer fails like any statement that timed out.
std::vector<DaysOfRun> read_days(postgres::Connection& connection, const Scope& scope,
                                 const std::string& dimension);

/// A run that had succeeded before this process came.
struct PastRun {
    std::int64_t finished_at = 0;  ///< Unix seconds
    bool is_newest = false;        ///< no run of the pipeline was begun after it
};
PastRun read_past(postgres::Connection& connection, const Scope& scope);

}  // namespace pagehaul::ledger
