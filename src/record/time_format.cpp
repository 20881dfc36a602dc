#include "record/time_format.h"

#include <date/tz.h>

#include <exception>
#include <utility>

#include "core/error.h"
#include "record/moment.h"
#include "record/numeric_text.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;

constexpr std::int64_t kMicrosOfSecond = 1'000'000;

const date::time_zone* find_zone(const config::Column& column) {
    if (!column.zone) return nullptr;
    try {
        return date::locate_zone(*column.zone);
    } catch (const std::exception&) {
        throw Failure(ErrorKind::config, "sink.columns." + column.name + ".zone",
                      "unknown time zone \"" + *column.zone + "\"; expected a name such as Asia/Shanghai");
    }
}

std::int64_t floor_seconds(std::int64_t micros) {
    return micros / kMicrosOfSecond - (micros % kMicrosOfSecond < 0 ? 1 : 0);
}

/// The tz database's files list changes up to 2037, and the library knows nothing of the rule behind them.
bool is_known(const date::time_zone& zone, const date::sys_info& info, std::int64_t seconds) {
    using namespace std::chrono;
    constexpr sys_seconds kListed = sys_days(year(2038) / January / 1);
    const bool is_last = info.end > sys_days(year(9999) / December / 31);
    if (seconds < kListed.time_since_epoch().count() || !is_last) return true;
    const bool changes_on = zone.get_info(kListed - days(730)).end < kListed;
    return !changes_on;
}

std::optional<std::int64_t> offset_at(const date::time_zone& zone, std::int64_t utc_micros) {
    const std::int64_t seconds = floor_seconds(utc_micros);
    const date::sys_info info = zone.get_info(date::sys_seconds{std::chrono::seconds(seconds)});
    if (!is_known(zone, info, seconds)) return std::nullopt;
    return info.offset.count() * kMicrosOfSecond;
}

std::optional<std::int64_t> to_utc(const date::time_zone& zone, std::int64_t local_micros) {
    const std::int64_t seconds = floor_seconds(local_micros);
    const date::local_info found = zone.get_info(date::local_seconds{std::chrono::seconds(seconds)});
    const date::sys_info& info = found.result == date::local_info::ambiguous ? found.second : found.first;
    if (!is_known(zone, info, seconds)) return std::nullopt;
    return local_micros - info.offset.count() * kMicrosOfSecond;
}

/// A number of 10^-digits microseconds, rounded to whole ones; nothing if it is none or far beyond year 9999.
std::optional<std::int64_t> to_micros(const Input& input, int digits) {
    const bool may_be_number = input.kind == Kind::integer || input.kind == Kind::decimal ||
                               input.kind == Kind::exponent || input.kind == Kind::string;
    NumericText number = read_numeric(trim(input.text));
    if (!may_be_number || !number.valid) return std::nullopt;
    number.exponent += digits;
    std::int64_t micros = 0;
    if (to_int64(number, micros)) return micros;
    // Digits of less than a microsecond: a point behind the whole ones, and the first one behind it rounds.
    std::string all;
    for (const char c : number.mantissa)
        if (c != '.') all += c;
    const std::int64_t whole =
        static_cast<std::int64_t>(all.size()) - number.fraction_digits + number.exponent;
    if (whole < 0) return 0;
    if (whole >= static_cast<std::int64_t>(all.size())) return std::nullopt;
    const auto size = static_cast<std::size_t>(whole);
    const NumericText kept = read_numeric(size == 0 ? "0" : std::string_view(all).substr(0, size));
    if (!to_int64(kept, micros)) return std::nullopt;
    if (all[size] >= '5') ++micros;
    return number.negative ? -micros : micros;
}

}  // namespace

TimeFormat::TimeFormat(const config::Column& column) : type_(column.type), zone_(find_zone(column)) {
    const std::string format = column.format.value_or("iso");
    if (format == "epoch") epoch_digits_ = 6;
    if (format == "epoch_ms") epoch_digits_ = 3;
    if (format == "epoch_us") epoch_digits_ = 0;
    refusal_ = "expected a time as format says: " + format;
    if (format == "iso") refusal_ = "expected a time such as 2026-10-01T12:00:00+02:00";
    if (epoch_digits_ || format == "iso") return;
    auto pattern = TimePattern::compile(format);
    if (!pattern)
        throw Failure(ErrorKind::config, "sink.columns." + column.name + ".format", pattern.error());
    pattern_ = std::move(*pattern);
}

std::optional<TimeParts> TimeFormat::read(const Input& input) const {
    using namespace std::chrono;
    if (epoch_digits_) {
        const auto micros = to_micros(input, *epoch_digits_);
        if (!micros || !is_writable(*micros)) return std::nullopt;
        const sys_time<microseconds> time{microseconds(*micros)};
        const sys_days day = floor<days>(time);
        return TimeParts{.day = day, .micros_of_day = (time - day).count(), .offset_minutes = 0};
    }
    if (pattern_) {
        // 20261001 may well be sent as a number.
        if (input.kind != Kind::string && input.kind != Kind::integer) return std::nullopt;
        return pattern_->read(input.text);
    }
    Moment moment;
    if (input.kind != Kind::string || !read_moment(input.text, moment)) return std::nullopt;
    return TimeParts{
        .day = moment.day,
        .micros_of_day = moment.micros_of_day,
        .offset_minutes = moment.has_offset ? std::optional(moment.offset_minutes) : std::nullopt};
}

std::optional<std::int64_t> TimeFormat::shown(const TimeParts& parts) const {
    const std::int64_t written = parts.day.time_since_epoch().count() * kMicrosOfDay + parts.micros_of_day;
    const bool is_instant = type_ == ColumnType::timestamptz;
    if (!parts.offset_minutes) {
        if (!is_instant) return written;
        if (zone_ == nullptr) return std::nullopt;
        return to_utc(*zone_, written);
    }
    const std::int64_t utc = written - *parts.offset_minutes * 60 * kMicrosOfSecond;
    if (is_instant) return utc;
    if (zone_ == nullptr) return written;
    const auto offset = offset_at(*zone_, utc);
    if (!offset) return std::nullopt;
    return utc + *offset;
}

Refusal TimeFormat::convert(const Input& input, CopyBuffer& out, std::string* key) const {
    using namespace std::chrono;
    const auto parts = read(input);
    if (!parts) return refusal_.c_str();
    const auto micros = shown(*parts);
    if (!micros || !is_writable(*micros)) return refusal_.c_str();
    const sys_days day = floor<days>(sys_time<microseconds>(microseconds(*micros)));
    const std::int64_t of_day = *micros - day.time_since_epoch().count() * kMicrosOfDay;
    const std::size_t mark = out.size();
    switch (type_) {
        case ColumnType::date:
            write_day(day, out);
            if (key != nullptr) key->append(out.since(mark));
            return nullptr;
        case ColumnType::time:
            write_clock(of_day, out);
            if (key != nullptr) append_number(of_day, *key);
            return nullptr;
        default:
            write_moment(*micros, type_ == ColumnType::timestamptz, out);
            if (key != nullptr) append_number(*micros, *key);
            return nullptr;
    }
}

}  // namespace pagehaul::record
