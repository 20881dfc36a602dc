#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace pagehaul::source {

/// The days of one slice of a run, both included.
struct SliceDays {
    std::chrono::sys_days first;
    std::chrono::sys_days last;
    bool proven = false;  ///< stored whole, with its proof
};

/// The newest day up to which a run has brought everything: a day of one of its slices, such that every
/// slice with a day up to it is proven. Days after `last_ended` do not count: what is pulled of a day that
/// goes on is not the whole day. Days that no slice has (a retry, a run that took over older slices) are no
/// gap: nobody asked for them. Pure.
std::optional<std::chrono::sys_days> newest_complete_day(const std::vector<SliceDays>& slices,
                                                         std::chrono::sys_days last_ended);

/// The last day that was over at `at` in `zone`, and when a day is over there. A midnight that the zone skips
/// is when the gap ends; one that it has twice is the later. Throws std::runtime_error for an unknown zone.
std::chrono::sys_days last_ended_day(WallTime at, const std::string& zone);
WallTime end_of_day(std::chrono::sys_days day, const std::string& zone);

}  // namespace pagehaul::source
