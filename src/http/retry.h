#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"

namespace pagehaul::http {

/// Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform
/// in [0, min(max, base × 2^(attempt − 1))). `attempt` is the number of attempts made so far, from 1.
Millis delay(int attempt, const config::Retry& retry, Random& random);

/// The attempt whose back-off reaches as far back as nothing has succeeded. While nothing does no attempt
/// counts, and without this every try would come at the first attempt's pace.
int attempt_after(Nanos failing, const config::Retry& retry);

/// How long nothing is sent.
struct Pause {
    Millis span{0};
    bool asked_too_much = false;  ///< the server asked for more than `most`
};
/// The longer of what the server told and our own back-off, and never more than `most`
/// (source.limits.max_pause): a server may tell a year, a Unix time stamp, or nothing but zero.
Pause pause_for(const std::optional<Millis>& told, Millis own, Millis most);
/// ", asks for a pause of 365 d, …": behind the reason of such an answer.
std::string asked_too_much_text(Millis told, Millis most);

/// Retry-After as a span from `now`: seconds ("1.5", which some servers send, is 2), or any of HTTP's three
/// date forms (RFC 9110, 5.6.7). A date in the past is zero. Nothing when the value is neither. What the
/// server says is handed on as told, however long (up to 292 years, where the span saturates): `pause_for`
/// bounds it.
std::optional<Millis> parse_retry_after(std::string_view value, WallTime now);

}  // namespace pagehaul::http
