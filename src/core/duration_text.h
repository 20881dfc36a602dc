#pragma once

#include <string>

#include "core/clock.h"

namespace pagehaul {

// Durations for people, in the styles that the program has: each is read in another place.

/// What was measured, in the report: "340 ms", "12.4 s", "3 min 05 s", "2 h 04 min", "2 d 02 h".
std::string duration_text(Millis span);
/// The same, but a round one without noughts: "30 s", "2 h".
std::string round_duration_text(Millis span);
/// A forecast, a second begun being one: "119 s", "3 min 5 s", "2 h 4 min".
std::string forecast_text(std::chrono::duration<double> span);
/// Where a line is short of room: "12s", "3m05s", "2h04m".
std::string narrow_duration_text(std::chrono::seconds span);
/// A time-out in the unit that somebody may have set it in: "90 s", "1500 ms".
std::string timeout_text(Nanos span);

}  // namespace pagehaul
