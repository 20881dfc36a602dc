#include "core/duration_text.h"

#include <cstdint>

namespace pagehaul {
namespace {

using std::to_string;

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + to_string(number);
}

}  // namespace

std::string duration_text(Millis span) {
    const std::int64_t ms = span.count();
    if (ms < 1'000) return to_string(ms) + " ms";
    const std::int64_t tenths = ms / 100;  // cut, so that 59.99 s does not become 60.0
    if (ms < 60'000) return to_string(tenths / 10) + "." + to_string(tenths % 10) + " s";
    const std::int64_t seconds = ms / 1'000;
    if (seconds < 3'600) return to_string(seconds / 60) + " min " + two_digits(seconds % 60) + " s";
    if (seconds < 86'400)
        return to_string(seconds / 3'600) + " h " + two_digits(seconds % 3'600 / 60) + " min";
    return to_string(seconds / 86'400) + " d " + two_digits(seconds % 86'400 / 3'600) + " h";
}

std::string round_duration_text(Millis span) {
    const std::int64_t ms = span.count();
    if (ms >= 86'400'000 && ms % 86'400'000 == 0) return to_string(ms / 86'400'000) + " d";
    if (ms >= 3'600'000 && ms % 3'600'000 == 0) return to_string(ms / 3'600'000) + " h";
    if (ms >= 60'000 && ms % 60'000 == 0) return to_string(ms / 60'000) + " min";
    if (ms >= 1'000 && ms % 1'000 == 0) return to_string(ms / 1'000) + " s";
    return duration_text(span);
}

std::string forecast_text(std::chrono::duration<double> span) {
    const std::int64_t seconds = std::chrono::ceil<std::chrono::seconds>(span).count();
    if (seconds < 120) return to_string(seconds) + " s";
    if (seconds < 7'200) return to_string(seconds / 60) + " min " + to_string(seconds % 60) + " s";
    return to_string(seconds / 3'600) + " h " + to_string(seconds % 3'600 / 60) + " min";
}

std::string narrow_duration_text(std::chrono::seconds span) {
    const std::int64_t seconds = span.count();
    if (seconds < 60) return to_string(seconds) + "s";
    if (seconds < 3'600) return to_string(seconds / 60) + "m" + two_digits(seconds % 60) + "s";
    return to_string(seconds / 3'600) + "h" + two_digits(seconds / 60 % 60) + "m";
}

std::string timeout_text(Nanos span) {
    const std::int64_t ms = std::chrono::duration_cast<Millis>(span).count();
    return ms % 1'000 == 0 ? to_string(ms / 1'000) + " s" : to_string(ms) + " ms";
}

}  // namespace pagehaul
