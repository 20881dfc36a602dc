#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::engine {

// How a stop fits into the time that the platform gives it: PAGEHAUL_GRACE, from SIGTERM to the process's
// end. Pure. grace.h has the clock.

/// What follows the drain: cancel and flush, settle, the last push. Where time is short each gets less, in
/// proportion.
enum class StopPart { flush, settle, push };

/// 6, 7 and 3 s: with nothing short, a stop is over 16 s after its drain.
Nanos full_length(StopPart part);

/// The shortest grace that is taken: with it each part has a quarter of its length, and the drain a second.
constexpr Millis kLeastGrace{5'000};
/// So long before its end the process has ended.
constexpr Millis kGraceMargin{250};

/// "15s", "2m", or a plain number of seconds. Fails (kind config) on anything else, and on less than
/// kLeastGrace or more than 30 days.
Result<Millis> parse_grace(std::string_view text);

/// How long requests in flight may go on after a SIGTERM: run.drain, and no longer than what the other parts
/// leave, which have 16 s, or half of a shorter grace, but a quarter of that at least.
Nanos drain_within(Nanos drain, std::optional<Nanos> grace);

/// How long `part` may take where so much is left of the grace: all but what the parts after it need.
Nanos part_within(StopPart part, Nanos left);

}  // namespace pagehaul::engine
