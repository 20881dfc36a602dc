#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::source {

/// One independent set of pages: one day and one advertiser, say.
struct Slice {
    /// "advertiser_id=1001,date=2026-11-22"; unique in a run; "all" for a source without slices; behind the
    /// stream's name where it has one: "orders/date=2026-11-22".
    std::string key;
    std::vector<std::pair<std::string, config::SliceValue>>
        params;  ///< what templates read, NAME_end of dates too
    std::string stream{};
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
/// The last one ends with the last day that is due, and grows from start to start. Months are the same,
/// counted from January 1970 always: "date=2026-11-01+1month".
///
/// Windows of hours and minutes are of the zone's clock, counted from its midnight, and named by what it
/// shows then: "t=2026-10-25T02:00+1h". Each ends where the next begins, so at a change of the clock none is
/// lost or doubled: a window that the clock skips is none, one whose hour comes twice holds both. Their
/// params are times with offsets: NAME the first second, NAME_end the last one, NAME_next the one behind it.
/// Only windows that are over by `to` are planned; none grows.
Result<SlicePlan> expand_slices(const config::Source& source, WallTime now);
/// The same of a stream, under keys of its own; one whose slices another's records make has none here:
/// children.h.
Result<SlicePlan> expand_slices(const config::Stream& stream, WallTime now);

/// "name=value", as the parts of a key are written.
std::string key_part(const std::string& name, const std::string& value);
/// The key's parts are in the order of their text: the order of the dimensions in the file is free.
std::string join_key(std::vector<std::string> parts);
/// What names a slice of the stream in its run.
std::string slice_key(std::string_view stream, const std::string& key);

/// The names of the params that each slice of the source has, sorted.
std::vector<std::string> parameter_names(const config::Source& source);

/// The slice's params as a JSON object, and back: how the ledger keeps them.
std::string to_json(const Slice& slice);
Result<Slice> slice_from_json(const std::string& key, const std::string& params,
                              const std::string& stream = {});

}  // namespace pagehaul::source
