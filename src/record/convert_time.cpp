#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "record/convert.h"
#include "record/digit.h"

namespace pagehaul::record {
namespace {

constexpr Refusal kDate = "expected a date, yyyy-mm-dd";
constexpr Refusal kTimestamp = "expected a time without offset, yyyy-mm-ddThh:mm:ss[.ffffff]";
constexpr Refusal kTimestamptz = "expected a time with its offset, yyyy-mm-ddThh:mm:ss[.ffffff](Z or +hh:mm)";

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

struct Moment {
    std::chrono::sys_days day;
    std::int64_t micros_of_day = 0;  ///< may reach a whole day, by rounding
    bool needs_rewrite = false;      ///< more digits than microseconds: written anew instead of as it came
    bool has_offset = false;
    int offset_minutes = 0;  ///< east of UTC

    std::int64_t micros() const {
        return day.time_since_epoch().count() * 86'400'000'000LL + micros_of_day -
               offset_minutes * 60'000'000LL;
    }
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
    if (cursor.take(':') && !cursor.number(2, second)) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    moment.micros_of_day = (hour * 3600LL + minute * 60LL + second) * 1'000'000LL;
    return !cursor.take('.') || read_fraction(cursor, moment);
}

/// Z, ±hh, ±hhmm, ±hh:mm, perhaps after one blank. Postgres allows less than 16 hours.
bool read_offset(Cursor& cursor, Moment& moment) {
    cursor.take(' ');
    moment.has_offset = true;
    if (cursor.take('Z')) return true;
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

bool read_moment(const Input& input, Moment& moment) {
    if (input.kind != Kind::string) return false;
    Cursor cursor(input.text);
    if (!read_date(cursor, moment.day)) return false;
    if (cursor.done()) return true;
    if (!cursor.take('T') && !cursor.take(' ')) return false;
    if (!read_time(cursor, moment)) return false;
    if (cursor.done()) return true;
    return read_offset(cursor, moment) && cursor.done();
}

void append_number(std::int64_t value, std::string& out) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// The moment in UTC, to the microsecond.
void write_utc(std::int64_t micros, bool with_offset, CopyBuffer& out) {
    using namespace std::chrono;
    const sys_time<microseconds> time{microseconds(micros)};
    const sys_days day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    char text[64];
    const int size =
        std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%06d%s",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                      static_cast<int>(clock.subseconds().count()), with_offset ? "+00" : "");
    out.raw({text, static_cast<std::size_t>(size)});
}

Refusal convert_moment(const Input& input, bool with_offset, Refusal refusal, CopyBuffer& out,
                       std::string* key) {
    Moment moment;
    if (!read_moment(input, moment) || moment.has_offset != with_offset) return refusal;
    if (moment.needs_rewrite) {
        // Rounding may leave years 0001 to 9999 in UTC, which "%04d" cannot write.
        const auto micros = moment.micros();
        constexpr std::int64_t kFirst = -62'135'596'800'000'000;  // 0001-01-01T00:00:00Z
        constexpr std::int64_t kEnd = 253'402'300'800'000'000;    // 10000-01-01T00:00:00Z
        if (micros < kFirst || micros >= kEnd) return refusal;
        write_utc(micros, with_offset, out);
    } else {
        out.raw(input.text);
    }
    if (key != nullptr) append_number(moment.micros(), *key);
    return nullptr;
}

}  // namespace

Refusal convert_date(const Input& input, CopyBuffer& out, std::string* key) {
    std::chrono::sys_days day;
    Cursor cursor(input.text);
    if (input.kind != Kind::string || !read_date(cursor, day) || !cursor.done()) return kDate;
    out.raw(input.text);
    if (key != nullptr) key->append(input.text);
    return nullptr;
}

Refusal convert_timestamp(const Input& input, CopyBuffer& out, std::string* key) {
    return convert_moment(input, false, kTimestamp, out, key);
}

Refusal convert_timestamptz(const Input& input, CopyBuffer& out, std::string* key) {
    return convert_moment(input, true, kTimestamptz, out, key);
}

}  // namespace pagehaul::record
