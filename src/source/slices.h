#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::source {

/// One independent set of pages: one day and one advertiser, say.
struct Slice {
    std::string
        key;  ///< "advertiser_id=1001,date=2026-11-22"; unique in a run; "all" for a source without slices
    std::vector<std::pair<std::string, config::SliceValue>>
        params;  ///< what templates read, NAME_end of dates too
};

struct SlicePlan {
    std::vector<Slice> slices;          ///< in the config's order, the last dimension fastest
    std::vector<std::string> warnings;  ///< days not ready yet, one line each
};

/// The cross product of the configured dimensions on the day that `now` is in each dimension's zone. Days
/// that are not ready at `now` are left out, with a warning each.
///
/// Steps of several days are counted from `from` where it is a date, else from a fixed Monday, and a slice is
/// named by its step: "date=2026-11-23+7d". So starts on different days mean the same slice by the same key,
/// and no two slices share a day, not even one that an older run left. The first step is whole, though it may
/// begin before a `from` that slides: cut there, it would lose a day that yesterday's start has not proven.
/// The last one ends with the last day that is due, and grows from start to start.
Result<SlicePlan> expand_slices(const config::Source& source, WallTime now);

/// The names of the params that each slice of the source has, sorted.
std::vector<std::string> parameter_names(const config::Source& source);

/// The slice's params as a JSON object, and back: how the ledger keeps them.
std::string to_json(const Slice& slice);
Result<Slice> slice_from_json(const std::string& key, const std::string& params);

}  // namespace pagehaul::source
