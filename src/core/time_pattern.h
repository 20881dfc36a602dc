#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace pagehaul {

/// What a text tells of a time; a part that it does not name is as here.
struct TimeParts {
    std::chrono::sys_days day{};
    std::int64_t micros_of_day = 0;     ///< a whole day, where rounding reaches it
    std::optional<int> offset_minutes;  ///< east of UTC
};

/// How a time is written, as strptime and strftime have it; each directive reads exactly what it writes:
///
///   %Y %y           year of four digits, of two (69 to 99 are of 19xx)
///   %m %d %j        month, day, day of the year; two, two and three digits
///   %b %B %a %A     month and weekday in English, in three letters or whole, whatever their case
///   %H %I %M %S %p  hour of 24, of 12, minute, second, AM or PM; two digits
///   %f              fraction of a second: 1 to 9 digits are read, to the microsecond; 6 are written
///   %z              Z, ±hh, ±hhmm or ±hh:mm is read; ±hhmm is written
///   %F %T %%        %Y-%m-%d, %H:%M:%S, a percent sign
///
/// With a dash (%-d) a number needs no leading zeros, and has none when it is written. All else stands for
/// itself. Constant after compile().
class TimePattern {
  public:
    /// What is wrong with it otherwise: "expected …".
    static tl::expected<TimePattern, std::string> compile(std::string_view text);

    bool names_day() const;    ///< year, month and day, or year and day of the year
    bool names_clock() const;  ///< at least an hour
    bool names_offset() const { return has('z'); }

    /// Nothing unless the whole text is one and its parts exist and fit each other.
    std::optional<TimeParts> read(std::string_view text) const;
    /// An offset that is not known is written as UTC's.
    std::string write(const TimeParts& parts) const;

  private:
    struct Item {
        char directive = '\0';  ///< '\0': the literal
        bool padded = true;
        std::string literal;
    };
    bool has(char directive) const;
    std::optional<std::string> add(char directive, bool padded);
    std::optional<std::string> fault() const;

    std::vector<Item> items_;
};

}  // namespace pagehaul
