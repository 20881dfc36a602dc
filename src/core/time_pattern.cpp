#include "core/time_pattern.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>

#include "core/ascii.h"

namespace pagehaul {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 2> kHalves{"AM", "PM"};
constexpr std::string_view kDirectives = "YymdjbBaAHIMSpfz";

/// The digits that a directive has; 0: it is none of digits alone.
int width_of(char directive) {
    if (directive == 'Y') return 4;
    if (directive == 'j') return 3;
    return std::string_view("ymdHIMS").find(directive) != std::string_view::npos ? 2 : 0;
}

/// What has been read, before it is put together.
struct Fields {
    int year = 1970, month = 1, day = 1, day_of_year = 0, weekday = -1;
    int hour = 0, minute = 0, second = 0, half = -1;
    std::int64_t micros = 0;
    std::optional<int> offset;
};

/// Consumes text from its front.
class Text {
  public:
    explicit Text(std::string_view rest) : rest_(rest) {}
    bool done() const { return rest_.empty(); }
    bool literal(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    std::string_view digits(std::size_t most) {
        std::size_t size = 0;
        while (size < most && size < rest_.size() && is_digit(rest_[size]))
            ++size;
        const std::string_view found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    bool number(int least, int most, int& value) {
        const std::string_view found = digits(static_cast<std::size_t>(most));
        value = 0;
        for (const char c : found)
            value = value * 10 + (c - '0');
        return found.size() >= static_cast<std::size_t>(least);
    }
    template <std::size_t N>
    bool word(const std::array<std::string_view, N>& words, std::size_t letters, int& index) {
        for (std::size_t i = 0; i < N; ++i) {
            const std::string_view word = words[i].substr(0, letters);
            if (lower(rest_.substr(0, word.size())) != lower(word)) continue;
            rest_.remove_prefix(word.size());
            index = static_cast<int>(i);
            return true;
        }
        return false;
    }
    bool fraction(std::int64_t& micros) {
        const std::string_view found = digits(9);
        std::int64_t nanos = 0;
        for (std::size_t i = 0; i < 9; ++i)
            nanos = nanos * 10 + (i < found.size() ? found[i] - '0' : 0);
        micros = (nanos + 500) / 1000;
        return !found.empty();
    }
    /// PostgreSQL's bound: less than 16 hours.
    bool offset(std::optional<int>& minutes) {
        minutes = 0;
        if (literal("Z") || literal("z")) return true;
        const bool west = rest_.starts_with('-');
        if (!literal("-") && !literal("+")) return false;
        int hour = 0;
        int minute = 0;
        if (!number(2, 2, hour)) return false;
        if (literal(":") || (!rest_.empty() && is_digit(rest_.front()))) {
            if (!number(2, 2, minute)) return false;
        }
        minutes = (hour * 60 + minute) * (west ? -1 : 1);
        return hour < 16 && minute < 60;
    }

  private:
    std::string_view rest_;
};

bool read_item(char directive, bool padded, Text& text, Fields& fields) {
    const int width = width_of(directive);
    const auto number = [&](int& value) { return text.number(padded ? width : 1, width, value); };
    switch (directive) {
        case 'Y':
            return number(fields.year);
        case 'y':
            if (!number(fields.year)) return false;
            fields.year += fields.year < 69 ? 2000 : 1900;
            return true;
        case 'm':
            return number(fields.month);
        case 'd':
            return number(fields.day);
        case 'j':
            return number(fields.day_of_year) && fields.day_of_year > 0;
        case 'b':
        case 'B': {
            int index = 0;
            if (!text.word(kMonths, directive == 'b' ? 3 : 9, index)) return false;
            fields.month = index + 1;
            return true;
        }
        case 'a':
        case 'A':
            return text.word(kDays, directive == 'a' ? 3 : 9, fields.weekday);
        case 'H':
            return number(fields.hour) && fields.hour < 24;
        case 'I':
            return number(fields.hour) && fields.hour >= 1 && fields.hour <= 12;
        case 'M':
            return number(fields.minute) && fields.minute < 60;
        case 'S':
            return number(fields.second) && fields.second < 60;
        case 'p':
            return text.word(kHalves, 2, fields.half);
        case 'f':
            return text.fraction(fields.micros);
        case 'z':
            return text.offset(fields.offset);
        default:
            return false;
    }
}

std::optional<std::chrono::sys_days> day_of(const Fields& fields) {
    using namespace std::chrono;
    if (fields.year < 1 || fields.year > 9999) return std::nullopt;
    sys_days day{};
    if (fields.day_of_year > 0) {
        day = sys_days(year(fields.year) / January / 1) + days(fields.day_of_year - 1);
        if (year_month_day(day).year() != year(fields.year)) return std::nullopt;
    } else {
        const year_month_day date{year(fields.year), month(static_cast<unsigned>(fields.month)),
                                  std::chrono::day(static_cast<unsigned>(fields.day))};
        if (!date.ok()) return std::nullopt;
        day = date;
    }
    if (fields.weekday >= 0 && weekday(day).c_encoding() != static_cast<unsigned>(fields.weekday))
        return std::nullopt;
    return day;
}

void append_number(std::string& out, int value, int width) {
    char text[16];
    const int size = std::snprintf(text, sizeof text, "%0*d", width, value);
    out.append(text, static_cast<std::size_t>(size));
}

}  // namespace

bool TimePattern::has(char directive) const {
    return std::any_of(items_.begin(), items_.end(),
                       [directive](const Item& item) { return item.directive == directive; });
}

bool TimePattern::names_day() const {
    const bool year = has('Y') || has('y');
    const bool month = has('m') || has('b') || has('B');
    return year && (has('j') || (month && has('d')));
}

bool TimePattern::names_clock() const {
    return has('H') || (has('I') && has('p'));
}

/// @return what is wrong with it.
std::optional<std::string> TimePattern::add(char directive, bool padded) {
    if (directive == 'F' || directive == 'T') {
        for (const char part : std::string_view(directive == 'F' ? "Y-m-d" : "H:M:S")) {
            if (part == '-' || part == ':') {
                items_.push_back({.literal = std::string(1, part)});
            } else if (auto wrong = add(part, true)) {
                return wrong;
            }
        }
        return std::nullopt;
    }
    const std::string name = std::string(padded ? "%" : "%-") + directive;
    if (kDirectives.find(directive) == std::string_view::npos || (!padded && width_of(directive) == 0))
        return "expected directives such as %Y, %m, %d, %H, %M, %S, %f and %z, got " + name;
    if (has(directive)) return "expected " + name + " once";
    const bool after_any_number =
        !items_.empty() && (!items_.back().padded || items_.back().directive == 'f');
    if (after_any_number && (width_of(directive) > 0 || directive == 'f'))
        return "expected something between " + name + " and the number before it, whose length varies";
    items_.push_back({.directive = directive, .padded = padded, .literal = {}});
    return std::nullopt;
}

/// What no text could mean.
std::optional<std::string> TimePattern::fault() const {
    const auto at_most_one = [this](std::string_view directives) {
        return std::count_if(directives.begin(), directives.end(), [this](char c) { return has(c); }) <= 1;
    };
    if (!at_most_one("Yy")) return "expected %Y or %y, not both";
    if (!at_most_one("mbB")) return "expected one of %m, %b and %B";
    if (!at_most_one("HI")) return "expected %H or %I, not both";
    if (has('I') != has('p')) return "expected %I and %p together";
    return std::nullopt;
}

tl::expected<TimePattern, std::string> TimePattern::compile(std::string_view text) {
    TimePattern out;
    bool any = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (out.items_.empty() || out.items_.back().literal.empty()) out.items_.emplace_back();
            out.items_.back().literal += text[i];
            continue;
        }
        const bool padded = i + 1 >= text.size() || text[i + 1] != '-';
        i += padded ? 1 : 2;
        if (i >= text.size()) return tl::unexpected<std::string>("expected a letter after the last %");
        if (text[i] == '%') {
            out.items_.push_back({.literal = "%"});
            continue;
        }
        if (auto wrong = out.add(text[i], padded)) return tl::unexpected(std::move(*wrong));
        any = true;
    }
    if (!any) return tl::unexpected<std::string>("expected a directive such as %Y");
    if (auto wrong = out.fault()) return tl::unexpected(std::move(*wrong));
    return out;
}

std::optional<TimeParts> TimePattern::read(std::string_view text) const {
    Text rest(text);
    Fields fields;
    for (const Item& item : items_) {
        const bool fits = item.literal.empty() ? read_item(item.directive, item.padded, rest, fields)
                                               : rest.literal(item.literal);
        if (!fits) return std::nullopt;
    }
    const auto day = day_of(fields);
    if (!rest.done() || !day) return std::nullopt;
    if (fields.half >= 0) fields.hour = fields.hour % 12 + fields.half * 12;
    const std::int64_t seconds = fields.hour * 3600LL + fields.minute * 60LL + fields.second;
    return TimeParts{
        .day = *day, .micros_of_day = seconds * 1'000'000 + fields.micros, .offset_minutes = fields.offset};
}

std::string TimePattern::write(const TimeParts& parts) const {
    using namespace std::chrono;
    const year_month_day date(parts.day);
    const auto second_of_day = static_cast<int>(parts.micros_of_day / 1'000'000);
    const int hour = second_of_day / 3600;
    const int offset = parts.offset_minutes.value_or(0);
    std::string out;
    for (const Item& item : items_) {
        out += item.literal;
        const auto number = [&](int value) {
            append_number(out, value, item.padded ? width_of(item.directive) : 1);
        };
        switch (item.directive) {
            case 'Y':
                number(static_cast<int>(date.year()));
                break;
            case 'y':
                number(static_cast<int>(date.year()) % 100);
                break;
            case 'm':
                number(static_cast<int>(static_cast<unsigned>(date.month())));
                break;
            case 'd':
                number(static_cast<int>(static_cast<unsigned>(date.day())));
                break;
            case 'j':
                number(static_cast<int>((parts.day - sys_days(date.year() / January / 1)).count()) + 1);
                break;
            case 'b':
                out += kMonths[static_cast<unsigned>(date.month()) - 1].substr(0, 3);
                break;
            case 'B':
                out += kMonths[static_cast<unsigned>(date.month()) - 1];
                break;
            case 'a':
                out += kDays[weekday(parts.day).c_encoding()].substr(0, 3);
                break;
            case 'A':
                out += kDays[weekday(parts.day).c_encoding()];
                break;
            case 'H':
                number(hour);
                break;
            case 'I':
                number(hour % 12 == 0 ? 12 : hour % 12);
                break;
            case 'M':
                number(second_of_day / 60 % 60);
                break;
            case 'S':
                number(second_of_day % 60);
                break;
            case 'p':
                out += kHalves[hour < 12 ? 0 : 1];
                break;
            case 'f':
                append_number(out, static_cast<int>(parts.micros_of_day % 1'000'000), 6);
                break;
            case 'z':
                out += offset < 0 ? '-' : '+';
                append_number(out, std::abs(offset) / 60, 2);
                append_number(out, std::abs(offset) % 60, 2);
                break;
            default:
                break;
        }
    }
    return out;
}

}  // namespace pagehaul
