#include "report/text.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/number_text.h"

namespace pagehaul::report {
namespace {

struct Moment {
    int year = 0;
    unsigned month = 1, day = 1;
    int hour = 0, minute = 0, second = 0;
};

Moment moment(EpochMs at) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(at)};
    const auto date = floor<days>(time);
    const year_month_day ymd(date);
    const hh_mm_ss clock(floor<seconds>(time - date));
    return {.year = static_cast<int>(ymd.year()),
            .month = static_cast<unsigned>(ymd.month()),
            .day = static_cast<unsigned>(ymd.day()),
            .hour = static_cast<int>(clock.hours().count()),
            .minute = static_cast<int>(clock.minutes().count()),
            .second = static_cast<int>(clock.seconds().count())};
}

template <class... Numbers>
std::string format(const char* pattern, Numbers... numbers) {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), pattern, numbers...);
    return buffer.data();
}

}  // namespace

Cut cut(std::string_view text, std::size_t most) {
    Cut result;
    std::size_t characters = 0;
    std::size_t kept = text.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (!begins) continue;
        if (characters == most) kept = i;
        ++characters;
    }
    result.text = std::string(text.substr(0, kept));
    result.left_out = characters > most ? characters - most : 0;
    return result;
}

std::string counted(std::int64_t value, std::string_view one) {
    return number_text(value) + " " + std::string(one) + (value == 1 ? "" : "s");
}

std::string percent_text(std::int64_t part, std::int64_t whole) {
    if (whole <= 0) return "–";
    if (part == whole) return "100 %";
    if (part == 0) return "0 %";
    const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    if (part < whole && percent > 99.9) return "> 99.9 %";
    if (percent < 0.1) return "< 0.1 %";
    return format("%.1f %%", percent);
}

std::string rate_text(std::int64_t count, std::int64_t ms) {
    const double rate = 1'000.0 * static_cast<double>(count) / static_cast<double>(ms);
    return rate < 10 ? format("%.1f", rate) : number_text(std::llround(rate));
}

std::string time_text(EpochMs at) {
    const Moment m = moment(at);
    return format("%04d-%02u-%02u %02d:%02d:%02d UTC", m.year, m.month, m.day, m.hour, m.minute, m.second);
}

std::string day_text(EpochMs at) {
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Moment m = moment(at);
    return std::to_string(m.day) + " " + months.at(m.month - 1);
}

std::string clock_text(EpochMs at, bool with_seconds) {
    const Moment m = moment(at);
    return with_seconds ? format("%02d:%02d:%02d", m.hour, m.minute, m.second)
                        : format("%02d:%02d", m.hour, m.minute);
}

std::string machine_time(EpochMs at) {
    const Moment m = moment(at);
    return format("%04d-%02u-%02uT%02d:%02d:%02dZ", m.year, m.month, m.day, m.hour, m.minute, m.second);
}

}  // namespace pagehaul::report
