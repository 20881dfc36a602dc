#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

/// The small languages inside a config's scalars: each parser with its writer. Pure; nothing means "not one".
namespace pagehaul::config {

std::optional<std::int64_t> parse_integer(std::string_view text);  ///< JSON's grammar: no `010`, no `+1`

/// "500ms", "5s", "2m", "1h", "7d"; "0s" too.
std::optional<Millis> parse_duration(std::string_view text);
std::string write_duration(Millis value);  ///< in the largest unit that leaves nothing over

/// "7d": whole days.
std::optional<int> parse_days(std::string_view text);

/// "1024B", "64KiB", "16MiB", "1GiB"; bytes.
std::optional<std::int64_t> parse_size(std::string_view text);
std::string write_size(std::int64_t bytes);

/// "5/s", "300/m", "0.5/s", "1000/h"; above 0.
std::optional<Rate> parse_rate(std::string_view text);
std::string write_rate(Rate rate);  ///< per second

/// "0.1%" (0 to 100) or a count of rows, "25".
std::optional<QuarantineLimit> parse_quarantine_limit(std::string_view text);
std::string write_quarantine_limit(const QuarantineLimit& limit);

/// "0.05": from 0 to 1.
std::optional<double> parse_share(std::string_view text);
std::string write_share(double share);

/// "2026-10-01", or days before the day the run starts: "-7d", "0d".
std::optional<DayBound> parse_day_bound(std::string_view text);
std::string write_day_bound(const DayBound& bound);

/// "1month", "3months": whole months.
std::optional<int> parse_months(std::string_view text);
std::string write_months(int months);
/// "7d", "2w": whole days.
std::optional<int> parse_days_or_weeks(std::string_view text);

/// "2026-10-01T08:00" or "2026-10-01", or a time before the run's start: "-6h", "-90m", "0h".
std::optional<ClockBound> parse_clock_bound(std::string_view text);
std::string write_clock_bound(const ClockBound& bound);

/// "10:15", from 00:00 to 23:59.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text);
std::string write_time_of_day(std::chrono::minutes value);

/// RFC 6901: "" or "/a/b~1c/0".
bool is_json_pointer(std::string_view text);
/// The pointer to the member `name` of a record.
std::string pointer_to(std::string_view name);

/// Where a column finds its value: "/a/b" in the record, "../a/b" in the element around it, "../../a" in the
/// one around that.
struct FieldPlace {
    std::size_t up = 0;
    std::string pointer;
};
FieldPlace field_place(std::string_view from);

/// "429", "4xx", "500-599".
std::optional<StatusRange> parse_status_range(std::string_view text);
std::string write_status_range(const StatusRange& range);

/// A time zone's name as in the tz database, "Asia/Shanghai": its shape only.
bool is_zone_name(std::string_view text);

/// RFC 9110, a field name.
bool is_header_name(std::string_view text);

/// What is wrong with a name of a schema, table or column (PostgreSQL quotes it as it is written); nothing if
/// it is fine.
std::optional<std::string> identifier_fault(std::string_view name);

}  // namespace pagehaul::config
