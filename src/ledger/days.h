#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// Days that the run pulls as one slice, or as several that differ in another dimension.
struct DaysOfRun {
    std::int64_t planned_at = 0;  ///< Unix seconds; the run's
    std::string first, last;      ///< as the slice's parameters have them, 2026-11-22
    bool proven = false;          ///< all those slices are
};

/// What the run pulls, by the days of `dimension`. At most a second: a ledger that needs longer fails like
/// any statement that timed out.
std::vector<DaysOfRun> read_days(postgres::Connection& connection, const Scope& scope,
                                 const std::string& dimension);

/// A run keeps with its verdict (settle) up to when the data was complete then: this member of the JSON
/// object, in Unix seconds. Reading every run's slices again would take seconds in a ledger of 100,000.
std::string with_complete_until(std::string verdict_json, std::int64_t unix_seconds);
/// The newest that a run of the pipeline has kept.
std::optional<std::int64_t> read_complete_until(postgres::Connection& connection, const Scope& scope);

/// A run that had succeeded before this process came.
struct PastRun {
    std::int64_t finished_at = 0;  ///< Unix seconds
    bool is_newest = false;        ///< no run of the pipeline was begun after it
};
/// When the run was begun, the first of its processes: 2026-11-22T10:00:00.123456Z.
std::string read_begun(postgres::Connection& connection, const Scope& scope);
PastRun read_past(postgres::Connection& connection, const Scope& scope);

}  // namespace pagehaul::ledger
