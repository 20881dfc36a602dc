#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pagehaul::record {

/// A decimal number taken apart: (-1)^negative × digits × 10^exponent. `digits` points into the text that was
/// read (leading zeros skipped); the fraction point may stand inside it.
struct NumericText {
    bool negative = false;
    bool valid = false;
    std::int64_t whole_digits = 0;  ///< digits before the point, without leading zeros, exponent not applied
    std::int64_t fraction_digits = 0;  ///< digits after it
    std::int64_t exponent = 0;         ///< as written, clamped to ±10^9
    bool zero = true;
    std::string_view mantissa;  ///< digits and at most one point
};

/// Reads [+-]digits[.digits][e[+-]digits], with at least one digit in front of or behind the point: what JSON
/// and Postgres' numeric both read the same way (no NaN, no Infinity, no blanks).
NumericText read_numeric(std::string_view text);

/// Postgres' numeric can hold it: at most 131072 digits before the point and 16383 after it.
bool fits_numeric(const NumericText& number);

/// One spelling for each value, so that 1.0, 1.00 and 1e0 hash alike: sign, digits without zeros at either
/// end, 'e', exponent; "0" for zero.
void append_canonical(const NumericText& number, std::string& out);

/// The value is an integer that fits 64 bits.
bool to_int64(const NumericText& number, std::int64_t& out);

/// `text` without the blanks that Postgres ignores around a value.
std::string_view trim(std::string_view text);

}  // namespace pagehaul::record
