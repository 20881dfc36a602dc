#include "config/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "config/yaml/node.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

bool is_alnum(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

template <class T>
std::optional<T> parse_all(std::string_view text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

// A number without sign: digits, and at most one point with digits on both sides.
std::optional<double> parse_decimal(std::string_view text) {
    if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return std::nullopt;
    if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
    return parse_all<double>(text);
}

std::string write_decimal(double value) {
    std::array<char, 32> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), result.ptr};
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};
constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{{{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"B", 1}}};

template <std::size_t N>
std::optional<std::int64_t> parse_quantity(std::string_view text, const std::array<Unit, N>& units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = parse_all<std::int64_t>(text.substr(0, digits));
    if (!count) return std::nullopt;
    for (const Unit& unit : units) {
        if (unit.name != text.substr(digits)) continue;
        if (*count > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
        return *count * unit.factor;
    }
    return std::nullopt;
}

template <std::size_t N>
std::string write_quantity(std::int64_t value, const std::array<Unit, N>& units,
                           std::string_view unit_of_zero) {
    if (value == 0) return "0" + std::string(unit_of_zero);
    for (const Unit& unit : units) {
        if (value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
    }
    return {};
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (!is_json_number(text)) return std::nullopt;
    return parse_all<std::int64_t>(text);
}

std::optional<Millis> parse_duration(std::string_view text) {
    static constexpr std::int64_t longest =
        3'650LL * 86'400'000;  // keeps sums of durations far from overflow
    const auto millis = parse_quantity(text, kDurations);
    if (!millis || *millis > longest) return std::nullopt;
    return Millis(*millis);
}

std::string write_duration(Millis value) {
    return write_quantity(value.count(), kDurations, "s");
}

std::optional<int> parse_days(std::string_view text) {
    if (!text.ends_with('d') || text.empty() || !is_digit(text.front())) return std::nullopt;
    const auto days = parse_all<int>(text.substr(0, text.size() - 1));
    if (!days || *days > 36'500) return std::nullopt;
    return days;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    return parse_quantity(text, kSizes);
}
std::string write_size(std::int64_t bytes) {
    return write_quantity(bytes, kSizes, "B");
}

std::optional<Rate> parse_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto count = parse_decimal(text.substr(0, slash));
    const std::string_view unit = text.substr(slash + 1);
    const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3'600 : 0;
    if (!count || *count <= 0 || *count > 1e9 || seconds == 0) return std::nullopt;
    return Rate{.per_second = *count / seconds};
}

std::string write_rate(Rate rate) {
    return write_decimal(rate.per_second) + "/s";
}

std::optional<double> parse_share(std::string_view text) {
    const auto value = parse_decimal(text);
    if (!value || *value < 0 || *value > 1) return std::nullopt;
    return value;
}

std::string write_share(double share) {
    return write_decimal(share);
}

std::optional<QuarantineLimit> parse_quarantine_limit(std::string_view text) {
    if (text.ends_with('%')) {
        const auto percent = parse_decimal(text.substr(0, text.size() - 1));
        if (!percent || *percent > 100) return std::nullopt;
        return QuarantineLimit{.rows = {}, .fraction = *percent / 100};
    }
    const auto rows = parse_integer(text);
    if (!rows || *rows < 0) return std::nullopt;
    return QuarantineLimit{.rows = rows, .fraction = {}};
}

std::string write_quarantine_limit(const QuarantineLimit& limit) {
    return limit.fraction ? write_decimal(*limit.fraction * 100) + "%"
                          : std::to_string(limit.rows.value_or(0));
}

std::optional<DayBound> parse_day_bound(std::string_view text) {
    if (text.ends_with('d')) {
        const bool before = text.starts_with('-');
        const auto days = parse_days(before ? text.substr(1) : text);
        if (!days || (!before && *days != 0)) return std::nullopt;
        return DayBound{.day = {}, .relative_days = -*days};
    }
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_all<unsigned>(text.substr(0, 4));
    const auto month = parse_all<unsigned>(text.substr(5, 2));
    const auto day = parse_all<unsigned>(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return DayBound{.day = std::chrono::sys_days(date), .relative_days = 0};
}

namespace {

std::string padded(int value, std::size_t width) {
    std::string text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::string write_day_bound(const DayBound& bound) {
    if (!bound.day) return std::to_string(bound.relative_days) + "d";
    const std::chrono::year_month_day date(*bound.day);
    return padded(static_cast<int>(date.year()), 4) + "-" +
           padded(static_cast<int>(static_cast<unsigned>(date.month())), 2) + "-" +
           padded(static_cast<int>(static_cast<unsigned>(date.day())), 2);
}

std::optional<int> parse_days_or_weeks(std::string_view text) {
    if (!text.ends_with('w')) return parse_days(text);
    const auto weeks = parse_all<int>(text.substr(0, text.size() - 1));
    if (!weeks || *weeks < 1 || *weeks > 1'000) return std::nullopt;
    return *weeks * 7;
}

std::optional<int> parse_months(std::string_view text) {
    const bool one = text.ends_with("month");
    if (!one && !text.ends_with("months")) return std::nullopt;
    const auto months = parse_all<int>(text.substr(0, text.size() - (one ? 5 : 6)));
    if (!months || *months < 1) return std::nullopt;
    return months;
}

std::string write_months(int months) {
    return std::to_string(months) + (months == 1 ? "month" : "months");
}

std::optional<ClockBound> parse_clock_bound(std::string_view text) {
    using std::chrono::minutes;
    const bool before = text.starts_with('-');
    if (const auto span = parse_duration(before ? text.substr(1) : text)) {
        const auto whole = std::chrono::floor<minutes>(*span);
        if (whole != *span || (!before && *span != Millis(0))) return std::nullopt;
        return ClockBound{.time = {}, .relative = -whole};
    }
    const auto day = parse_day_bound(text.substr(0, 10));
    if (!day || !day->day) return std::nullopt;
    minutes of_day{0};
    if (text.size() > 10) {
        const auto clock = text[10] == 'T' ? parse_time_of_day(text.substr(11)) : std::nullopt;
        if (!clock) return std::nullopt;
        of_day = *clock;
    }
    return ClockBound{.time = std::chrono::local_time<minutes>(day->day->time_since_epoch() + of_day),
                      .relative = {}};
}

std::string write_clock_bound(const ClockBound& bound) {
    if (!bound.time)
        return (bound.relative < std::chrono::minutes(0) ? "-" : "") + write_duration(-bound.relative);
    const auto day = std::chrono::floor<std::chrono::days>(*bound.time);
    return write_day_bound({.day = std::chrono::sys_days(day.time_since_epoch()), .relative_days = 0}) + "T" +
           write_time_of_day(*bound.time - day);
}

std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[3]) || !is_digit(text[4]))
        return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour > 23 || minute > 59) return std::nullopt;
    return std::chrono::hours(hour) + std::chrono::minutes(minute);
}

std::string write_time_of_day(std::chrono::minutes value) {
    const auto minutes = static_cast<int>(value.count());
    return padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2);
}

bool is_json_pointer(std::string_view text) {
    if (text.empty()) return true;
    if (text.front() != '/') return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '~' && (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
            return false;
    }
    return true;
}

FieldPlace field_place(std::string_view from) {
    FieldPlace place;
    for (; from.starts_with("../"); from.remove_prefix(3))
        ++place.up;
    if (place.up > 0 && !from.empty()) place.pointer = '/';
    place.pointer += from;
    return place;
}

std::optional<StatusRange> parse_status_range(std::string_view text) {
    if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
        const int first = (text[0] - '0') * 100;
        return StatusRange{first, first + 99};
    }
    const std::size_t dash = text.find('-');
    const auto least = parse_integer(text.substr(0, dash));
    const auto most = dash == std::string_view::npos ? least : parse_integer(text.substr(dash + 1));
    if (!least || !most || *least < 100 || *most > 599 || *least > *most) return std::nullopt;
    return StatusRange{static_cast<int>(*least), static_cast<int>(*most)};
}

std::string write_status_range(const StatusRange& range) {
    if (range.least == range.most) return std::to_string(range.least);
    return std::to_string(range.least) + "-" + std::to_string(range.most);
}

std::string pointer_to(std::string_view name) {
    std::string pointer = "/";
    for (const char c : name) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
    return pointer;
}

bool is_zone_name(std::string_view text) {
    if (text.empty() || !is_alnum(text.front()) || text.ends_with('/')) return false;
    if (text.find("//") != std::string_view::npos) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; });
}

bool is_header_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

std::optional<std::string> identifier_fault(std::string_view name) {
    if (name.empty()) return "expected a name, not an empty one";
    if (name.size() > 63) return "expected a name of at most 63 bytes (PostgreSQL cuts longer ones)";
    const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F || c == '"';
    });
    if (odd) return "expected a name without quotes and control characters; it is quoted as it is written";
    return std::nullopt;
}

}  // namespace pagehaul::config
