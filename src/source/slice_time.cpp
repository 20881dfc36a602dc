#include "source/slice_time.h"

#include <date/tz.h>

namespace pagehaul::source {
namespace {

const TimePattern& day_pattern() {
    static const TimePattern pattern = *TimePattern::compile("%F");
    return pattern;
}

/// Of slices, and of a run.
std::optional<TimeParts> read_time(std::string_view text) {
    static const TimePattern plain = *TimePattern::compile("%FT%T%z");
    static const TimePattern precise = *TimePattern::compile("%FT%T.%f%z");
    const auto time = plain.read(text);
    return time ? time : precise.read(text);
}

std::int64_t seconds_of(const TimeParts& parts) {
    return std::chrono::seconds(parts.day.time_since_epoch()).count() + parts.micros_of_day / 1'000'000;
}

}  // namespace

std::optional<SliceTime> read_slice_time(std::string_view text, const std::string& zone) {
    if (const auto time = read_time(text))
        return SliceTime{.shown = *time,
                         .epoch = seconds_of(*time) - time->offset_minutes.value_or(0) * std::int64_t{60}};
    auto day = day_pattern().read(text);
    if (!day) return std::nullopt;
    const date::time_zone& there = *date::locate_zone(zone);
    const date::local_seconds midnight{std::chrono::seconds(seconds_of(*day))};
    const auto begin = there.to_sys(midnight, date::choose::earliest);
    const auto offset = there.get_info(begin).offset;
    day->offset_minutes = static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(offset).count());
    return SliceTime{.shown = *day, .epoch = begin.time_since_epoch().count()};
}

std::string write_slice_time(std::int64_t epoch, const std::string& zone) {
    return date::format("%FT%T%Ez", date::make_zoned(zone, date::sys_seconds(std::chrono::seconds(epoch))));
}

std::optional<std::string> next_day(std::string_view day) {
    auto parts = day_pattern().read(day);
    if (!parts) return std::nullopt;
    parts->day += std::chrono::days(1);
    return day_pattern().write(*parts);
}

}  // namespace pagehaul::source
