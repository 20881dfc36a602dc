#include "engine/shared/grace_policy.h"

#include <algorithm>
#include <string>

#include "config/values.h"

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;

constexpr Millis kMostGrace{std::chrono::days(30)};
constexpr Nanos kFull = seconds{16};  // of all parts

/// Of the parts after this one.
Nanos after(StopPart part) {
    switch (part) {
        case StopPart::flush:
            return full_length(StopPart::settle) + full_length(StopPart::push);
        case StopPart::settle:
            return full_length(StopPart::push);
        case StopPart::push:
            break;
    }
    return Nanos{0};
}

std::optional<Millis> duration_of(std::string_view text) {
    if (const auto number = config::parse_integer(text)) {
        // More is refused anyway, and would not fit.
        return seconds{std::clamp<std::int64_t>(*number, 0, 2 * kMostGrace / seconds{1})};
    }
    return config::parse_duration(text);
}

}  // namespace

Nanos full_length(StopPart part) {
    switch (part) {
        case StopPart::flush:
            return seconds{6};
        case StopPart::settle:
            return seconds{7};
        case StopPart::push:
            break;
    }
    return seconds{3};
}

Result<Millis> parse_grace(std::string_view text) {
    const auto grace = duration_of(text);
    if (!grace)
        return fail(
            ErrorKind::config, "PAGEHAUL_GRACE",
            "expected a duration such as 15s, or a number of seconds, not \"" + std::string(text) + "\"");
    if (*grace < kLeastGrace || *grace > kMostGrace)
        return fail(ErrorKind::config, "PAGEHAUL_GRACE",
                    "expected " + config::write_duration(kLeastGrace) + " to " +
                        config::write_duration(kMostGrace) + ", not " + std::string(text));
    return *grace;
}

Nanos drain_within(Nanos drain, std::optional<Nanos> grace) {
    if (!grace) return drain;
    const Nanos parts = std::clamp(*grace / 2, kFull / 4, kFull);
    return std::clamp(*grace - parts, Nanos{0}, drain);
}

Nanos part_within(StopPart part, Nanos left) {
    const Nanos later = after(part);
    // In milliseconds, whose product fits.
    const auto count = [](Nanos span) { return std::chrono::duration_cast<Millis>(span).count(); };
    const Millis share{count(left) * count(later) / count(full_length(part) + later)};
    return std::max(Nanos{0}, left - std::min<Nanos>(later, share));
}

}  // namespace pagehaul::engine
