#include "http/retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "core/duration_text.h"

namespace pagehaul::http {
namespace {

using namespace std::chrono;

constexpr std::int64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;

/// Reads a date piece by piece; each step fails for good once one has failed.
class DateReader {
  public:
    explicit DateReader(std::string_view text) : text_(text) {}

    void literal(std::string_view expected) {
        if (!text_.starts_with(expected)) {
            ok_ = false;
        } else {
            text_.remove_prefix(expected.size());
        }
    }
    int number(std::size_t digits) {
        int value = 0;
        if (text_.size() < digits) ok_ = false;
        if (!ok_) return 0;
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + digits, value);
        if (error != std::errc{} || end != text_.data() + digits || text_.front() == '-') ok_ = false;
        text_.remove_prefix(digits);
        return value;
    }
    unsigned month() {
        constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const auto* const found = std::find(kMonths.begin(), kMonths.end(), text_.substr(0, 3));
        if (found == kMonths.end()) {
            ok_ = false;
            return 1;
        }
        text_.remove_prefix(3);
        return static_cast<unsigned>(found - kMonths.begin()) + 1;
    }
    seconds time() {
        const int hour = number(2);
        literal(":");
        const int minute = number(2);
        literal(":");
        const int second = number(2);
        if (hour > 23 || minute > 59 || second > 60) ok_ = false;  // 60: a leap second
        return hours(hour) + minutes(minute) + seconds(second);
    }
    bool done() const { return ok_ && text_.empty(); }
    bool next_is(char c) const { return !text_.empty() && text_.front() == c; }

  private:
    std::string_view text_;
    bool ok_ = true;
};

/// Whole seconds: WallTime's nanoseconds reach from 1677 to 2262, and a server may tell any of 10,000 years.
std::optional<sys_seconds> at(int y, unsigned m, int d, seconds time) {
    const year_month_day date{year(y), month(m), day(static_cast<unsigned>(d))};
    if (!date.ok()) return {};
    return sys_days(date) + time;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<sys_seconds> imf_fixdate(std::string_view text) {
    DateReader in(text);
    const int d = in.number(2);
    in.literal(" ");
    const unsigned m = in.month();
    in.literal(" ");
    const int y = in.number(4);
    in.literal(" ");
    const seconds time = in.time();
    in.literal(" GMT");
    return in.done() ? at(y, m, d, time) : std::nullopt;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT". A year more than 50 years ahead is the last one with those digits.
std::optional<sys_seconds> rfc850_date(std::string_view text, WallTime now) {
    DateReader in(text);
    const int d = in.number(2);
    in.literal("-");
    const unsigned m = in.month();
    in.literal("-");
    const int yy = in.number(2);
    in.literal(" ");
    const seconds time = in.time();
    in.literal(" GMT");
    if (!in.done()) return {};
    const int this_year = static_cast<int>(year_month_day(floor<days>(now)).year());
    int y = this_year / 100 * 100 + yy;
    if (y > this_year + 50) y -= 100;
    return at(y, m, d, time);
}

/// "Sun Nov  6 08:49:37 1994", behind the name of the day
std::optional<sys_seconds> asctime_date(std::string_view text) {
    DateReader in(text);
    const unsigned m = in.month();
    in.literal(" ");
    if (in.next_is(' ')) in.literal(" ");
    const bool one_digit = text.size() > 5 && text[4] == ' ';
    const int d = in.number(one_digit ? 1 : 2);
    in.literal(" ");
    const seconds time = in.time();
    in.literal(" ");
    const int y = in.number(4);
    return in.done() ? at(y, m, d, time) : std::nullopt;
}

std::optional<sys_seconds> http_date(std::string_view text, WallTime now) {
    constexpr std::array<std::string_view, 7> kDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};
    for (const std::string_view name : kDays) {
        const std::string brief(name.substr(0, 3));
        if (text.starts_with(brief + ", ")) return imf_fixdate(text.substr(5));
        if (text.starts_with(brief + " ")) return asctime_date(text.substr(4));
        if (text.starts_with(std::string(name) + ", ")) return rfc850_date(text.substr(name.size() + 2), now);
    }
    return {};
}

/// digits[.digits], rounded up and at most kMostSeconds.
std::optional<std::int64_t> whole_seconds(std::string_view text) {
    const auto is_digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
    if (!is_digits(whole) || !is_digits(fraction)) return {};
    std::int64_t told = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), told);
    if (error == std::errc::result_out_of_range || told >= kMostSeconds) return kMostSeconds;
    return told + (fraction.find_first_not_of('0') == std::string_view::npos ? 0 : 1);
}

}  // namespace

Millis delay(int attempt, const config::Retry& retry, Random& random) {
    std::int64_t bound = std::min(retry.base, retry.max).count();
    for (int i = 1; i < attempt && bound < retry.max.count(); ++i) {
        bound = bound > retry.max.count() / 2 ? retry.max.count() : bound * 2;
    }
    return Millis(static_cast<std::int64_t>(random.unit() * static_cast<double>(bound)));
}

int attempt_after(Nanos failing, const config::Retry& retry) {
    int attempt = 1;
    for (Millis reach = retry.base; reach < failing && reach < retry.max; reach *= 2)
        ++attempt;
    return attempt;
}

Pause pause_for(const std::optional<Millis>& told, Millis own, Millis most) {
    return {.span = std::min(std::max(told.value_or(Millis{0}), own), most),
            .asked_too_much = told && *told > most};
}

std::string asked_too_much_text(Millis told, Millis most) {
    return ", asks for a pause of " + round_duration_text(told) + "; source.limits.max_pause is " +
           round_duration_text(most);
}

std::optional<Millis> parse_retry_after(std::string_view value, WallTime now) {
    while (!value.empty() && value.front() == ' ')
        value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ')
        value.remove_suffix(1);
    if (value.empty()) return {};
    if (const std::optional<std::int64_t> told = whole_seconds(value)) return Millis(seconds(*told));
    const std::optional<sys_seconds> date = http_date(value, now);
    if (!date) return {};
    const sys_seconds this_second = floor<seconds>(now);
    const seconds wait = std::min(*date - this_second, seconds(kMostSeconds));
    return std::max(Millis{0}, wait - floor<Millis>(now - this_second));
}

}  // namespace pagehaul::http
