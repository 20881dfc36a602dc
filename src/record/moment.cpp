#include "record/moment.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/ascii.h"

namespace pagehaul::record {
namespace {

/// Consumes text from its front.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}
    bool done() const { return p_ == end_; }
    char peek() const { return p_ < end_ ? *p_ : '\0'; }
    bool take(char c) {
        if (peek() != c) return false;
        ++p_;
        return true;
    }
    /// Exactly `width` digits; false if there are fewer.
    bool number(int width, int& value) {
        value = 0;
        for (int i = 0; i < width; ++i) {
            if (!is_digit(peek())) return false;
            value = value * 10 + (*p_++ - '0');
        }
        return true;
    }
    /// The digits from here on.
    std::string_view digits() {
        const char* const begin = p_;
        while (is_digit(peek()))
            ++p_;
        return {begin, static_cast<std::size_t>(p_ - begin)};
    }

  private:
    const char* p_;
    const char* end_;
};

bool read_date(Cursor& cursor, std::chrono::sys_days& day) {
    int y = 0;
    int m = 0;
    int d = 0;
    if (!cursor.number(4, y) || !cursor.take('-') || !cursor.number(2, m) || !cursor.take('-') ||
        !cursor.number(2, d)) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                                           std::chrono::day(static_cast<unsigned>(d))};
    if (y == 0 || !date.ok()) return false;
    day = date;
    return true;
}

/// ".ffffff", to the microsecond. More digits are rounded as Postgres does it: through a double, half to
/// even.
bool read_fraction(Cursor& cursor, Moment& moment) {
    const std::string_view fraction = cursor.digits();
    if (fraction.empty()) return false;
    std::int64_t micros = 0;
    if (fraction.size() <= 6) {
        for (const char c : fraction)
            micros = micros * 10 + (c - '0');
        for (std::size_t i = fraction.size(); i < 6; ++i)
            micros *= 10;
    } else {
        const std::string text = "0." + std::string(fraction);
        double value = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return false;
        micros = std::llrint(value * 1e6);
        moment.needs_rewrite = true;
    }
    moment.micros_of_day += micros;
    return true;
}

bool read_time(Cursor& cursor, Moment& moment) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!cursor.number(2, hour) || !cursor.take(':') || !cursor.number(2, minute)) return false;
    const bool has_seconds = cursor.take(':');
    if (has_seconds && !cursor.number(2, second)) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    moment.micros_of_day = (hour * 3600LL + minute * 60LL + second) * 1'000'000LL;
    // Postgres reads 10:30.5 as minutes and seconds.
    return !has_seconds || !cursor.take('.') || read_fraction(cursor, moment);
}

/// Z, ±hh, ±hhmm, ±hh:mm, perhaps after one blank. Postgres allows less than 16 hours.
bool read_offset(Cursor& cursor, Moment& moment) {
    cursor.take(' ');
    moment.has_offset = true;
    if (cursor.take('Z') || cursor.take('z')) return true;
    const bool west = cursor.peek() == '-';
    if (!cursor.take('-') && !cursor.take('+')) return false;
    int hours = 0;
    int minutes = 0;
    if (!cursor.number(2, hours)) return false;
    const bool colon = cursor.take(':');
    if ((colon || !cursor.done()) && !cursor.number(2, minutes)) return false;
    if (hours > 15 || minutes > 59) return false;
    moment.offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

}  // namespace

bool read_date(std::string_view text, std::chrono::sys_days& day) {
    Cursor cursor(text);
    return read_date(cursor, day) && cursor.done();
}

bool read_clock(std::string_view text, Moment& moment) {
    Cursor cursor(text);
    return read_time(cursor, moment) && cursor.done();
}

bool read_moment(std::string_view text, Moment& moment) {
    Cursor cursor(text);
    if (!read_date(cursor, moment.day)) return false;
    if (cursor.done()) return true;
    // RFC 3339, 5.6 allows small letters too.
    if (!cursor.take('T') && !cursor.take('t') && !cursor.take(' ')) return false;
    if (!read_time(cursor, moment)) return false;
    if (cursor.done()) return true;
    return read_offset(cursor, moment) && cursor.done();
}

bool is_writable(std::int64_t micros) {
    constexpr std::int64_t kFirst = -62'135'596'800'000'000;  // 0001-01-01T00:00:00
    constexpr std::int64_t kEnd = 253'402'300'800'000'000;    // 10000-01-01T00:00:00
    return micros >= kFirst && micros < kEnd;
}

void write_day(std::chrono::sys_days day, CopyBuffer& out) {
    const std::chrono::year_month_day date(day);
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    out.raw({text, static_cast<std::size_t>(size)});
}

void write_clock(std::int64_t micros_of_day, CopyBuffer& out) {
    const std::chrono::hh_mm_ss clock{std::chrono::microseconds(micros_of_day)};
    char text[32];
    const int size =
        std::snprintf(text, sizeof text, "%02d:%02d:%02d.%06d", static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                      static_cast<int>(clock.subseconds().count()));
    out.raw({text, static_cast<std::size_t>(size)});
}

void write_moment(std::int64_t micros, bool with_offset, CopyBuffer& out) {
    const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(micros)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    write_day(day, out);
    out.put(' ');
    write_clock((time - day).count(), out);
    if (with_offset) out.raw("+00");
}

void append_number(std::int64_t value, std::string& out) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace pagehaul::record
