#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pagehaul::config {

/// One value of a slice dimension. Its JSON type is kept: an integer is sent as a number.
struct SliceValue {
    std::string text;
    bool is_number = false;
    friend bool operator==(const SliceValue&, const SliceValue&) = default;
};

/// A day as written: "2026-10-01", or relative to the day the run starts in the slice's zone: "-7d", "0d".
struct DayBound {
    std::optional<std::chrono::sys_days> day{};
    int relative_days = 0;  ///< used when `day` is empty; not above 0
};

/// One slice a step; `{{ slice.NAME }}` is its first day, `{{ slice.NAME_end }}` its last, cut at `to`.
struct DateDimension {
    DayBound from;
    DayBound to;
    int step_days = 1;
    int step_months = 0;  ///< above 0: instead of days
    std::string zone = "Etc/UTC";
    std::optional<std::chrono::minutes> ready_at{};  ///< of the following day, in `zone`
};
/// A clock's time as written: "2026-10-01T08:00" in the slice's zone, or relative to the run's start: "-6h".
struct ClockBound {
    std::optional<std::chrono::local_time<std::chrono::minutes>> time;
    std::chrono::minutes relative{0};  ///< used when `time` is empty; not above 0
};
/// One slice a window of the zone's clock, counted from midnight; only windows that are whole between the
/// bounds.
struct ClockDimension {
    ClockBound from;
    ClockBound to;
    std::chrono::minutes step{60};
    std::string zone = "Etc/UTC";
};
struct ListDimension {
    std::vector<SliceValue> values{};
};
/// One slice a record of another stream: `{{ slice.NAME }}` is what the record has at `from`, or what that
/// stream's own slice has by the name of `slice`; exactly one of them.
struct ParentDimension {
    std::string stream{};
    std::optional<std::string> from{};  ///< JSON pointer into the record
    std::optional<std::string> slice{};
};
struct Dimension {
    std::string name;
    std::variant<DateDimension, ListDimension, ClockDimension, ParentDimension> values;
};
/// Whether `{{ slice.NAME }}` is a time: then there are NAME_end and NAME_next, too.
inline bool is_time(const Dimension& dimension) {
    return std::holds_alternative<DateDimension>(dimension.values) ||
           std::holds_alternative<ClockDimension>(dimension.values);
}

}  // namespace pagehaul::config
