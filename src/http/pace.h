#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/clock.h"

namespace pagehaul::http {

/// A rate as a schedule of slots.
struct Pace {
    Nanos interval;
    /// How far the schedule may lie behind now: the burst, and half an interval more, so that a moment in
    /// which nobody asks (a busy machine) costs no capacity and never puts two requests at one instant.
    Nanos tolerance;
};

/// @param per_second above 0
inline Pace pace_of(double per_second, std::int64_t burst) {
    const Nanos interval(static_cast<std::int64_t>(std::ceil(1e9 / per_second)));
    return {.interval = interval,
            .tolerance = interval * (std::max<std::int64_t>(burst, 1) - 1) + interval / 2};
}

}  // namespace pagehaul::http
