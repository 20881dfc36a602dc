// Retry-After: seconds, or one of HTTP's dates. Line 1 is the value, line 2 what time it is (Unix seconds).

#include <curl/curl.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <string>

#include "http/retry.h"
#include "property.h"

using namespace pagehaul;
using fuzz::must;

namespace {

constexpr std::int64_t kYear2200 = 7'258'118'400;

std::string imf_fixdate(std::int64_t seconds) {
    const auto moment = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&moment, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Parts parts(fuzz::text_of(data, size));
    const std::string value(parts.line());
    std::int64_t unix_time = 0;
    const std::string_view digits = parts.line();
    std::from_chars(digits.data(), digits.data() + digits.size(), unix_time);
    unix_time = ((unix_time % kYear2200) + kYear2200) % kYear2200;
    const WallTime now{std::chrono::seconds(unix_time)};

    const auto span = http::parse_retry_after(value, now);
    must(http::parse_retry_after("  " + value + " ", now) == span, "blanks around it change nothing");
    if (!span) return 0;
    must(*span >= Millis{0}, "nothing is due in the past");
    const http::Pause pause = http::pause_for(span, Millis{1}, Millis{900'000});
    must(pause.span >= Millis{1} && pause.span <= Millis{900'000}, "a pause is bounded");

    if (value.find_first_not_of("0123456789. ") == std::string::npos) return 0;
    const std::int64_t at = unix_time + span->count() / 1000;
    if (*span > Millis{0} && at < kYear2200) {
        must(http::parse_retry_after(imf_fixdate(at), now) == span,
             "the date that was understood means itself", imf_fixdate(at));
    }
    // curl reads years below 100 in its own way, and 60 seconds; of the rest it is a second reader.
    const bool full_year = value.find('-') == std::string::npos && !fuzz::contains(value, " 00");
    const bool name_then_comma = value.size() > 4 && std::strchr(value.c_str(), ',') == value.c_str() + 3;
    if (full_year && name_then_comma && !fuzz::contains(value, ":60")) {
        const std::time_t theirs = curl_getdate(value.c_str(), nullptr);
        if (theirs > 0 && at < kYear2200) {
            must(std::max<std::int64_t>(theirs - unix_time, 0) * 1000 == span->count(),
                 "curl reads the same date", std::to_string(theirs));
        }
    }
    return 0;
}
