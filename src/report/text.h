#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/run_report.h"

namespace pagehaul::report {

// Texts for people. Pure; times are UTC.

struct Cut {
    std::string text;
    std::size_t left_out = 0;  ///< characters
};
/// The first `most` characters of UTF-8 text, and how many more there were.
Cut cut(std::string_view text, std::size_t most);

std::string counted(std::int64_t value, std::string_view one);    ///< "1 page", "2 pages"
std::string percent_text(std::int64_t part, std::int64_t whole);  ///< never 100 % or 0 % by rounding
std::string rate_text(std::int64_t count, std::int64_t ms);       ///< a second: "0.7", "1,234"
std::string time_text(EpochMs at);                                ///< "2026-11-23 18:40:36 UTC"
std::string day_text(EpochMs at);                                 ///< "23 Nov"
std::string clock_text(EpochMs at, bool with_seconds);            ///< "18:40" or "18:40:36"
std::string machine_time(EpochMs at);                             ///< "2026-11-23T18:40:36Z"

}  // namespace pagehaul::report
