#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"

namespace pagehaul::http {

/// Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform
/// in [0, min(max, base × 2^(attempt − 1))). `attempt` is the number of attempts made so far, from 1.
Millis delay(int attempt, const config::Retry& retry, Random& random);

/// Retry-After as a span from `now`: seconds, or any of HTTP's three date forms (RFC 9110, 5.6.7). A date in
/// the past is zero. Nothing when the value is neither. What the server says is handed on as told, however
/// long (up to 292 years, where the span saturates): the caller bounds it by its own deadline, and says so.
std::optional<Millis> parse_retry_after(std::string_view value, WallTime now);

}  // namespace pagehaul::http
