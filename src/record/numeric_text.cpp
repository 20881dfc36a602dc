#include "record/numeric_text.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"

namespace pagehaul::record {
namespace {

constexpr std::int64_t kExponentBound = 1'000'000'000;
// numeric.c: the weight of a long numeric is 16 bits of base-10000 digits, its scale 14 bits.
constexpr std::int64_t kMaxWholeDigits = 131'072;
constexpr std::int64_t kMaxScale = 16'383;

/// Digits without zeros at either end, and the power of ten they are to be multiplied by.
std::string significant(const NumericText& number, std::int64_t& power) {
    std::string digits;
    digits.reserve(number.mantissa.size());
    for (const char c : number.mantissa) {
        if (c != '.' && (c != '0' || !digits.empty())) digits += c;
    }
    power = number.exponent - number.fraction_digits;
    while (!digits.empty() && digits.back() == '0') {
        digits.pop_back();
        ++power;
    }
    return digits;
}

}  // namespace

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

NumericText read_numeric(std::string_view text) {
    NumericText out;
    const char* p = text.data();
    const char* const end = p + text.size();
    if (p < end && (*p == '-' || *p == '+')) out.negative = *p++ == '-';
    const char* const start = p;
    while (p < end && is_digit(*p)) {
        if (*p != '0') out.zero = false;
        if (!out.zero) ++out.whole_digits;
        ++p;
    }
    std::int64_t digits = p - start;
    if (p < end && *p == '.') {
        const char* const first = ++p;
        while (p < end && is_digit(*p)) {
            if (*p != '0') out.zero = false;
            ++p;
        }
        out.fraction_digits = p - first;
        digits += out.fraction_digits;
    }
    out.mantissa = {start, static_cast<std::size_t>(p - start)};
    if (digits == 0) return out;
    if (p < end && (*p == 'e' || *p == 'E')) {
        ++p;
        bool down = false;
        if (p < end && (*p == '-' || *p == '+')) down = *p++ == '-';
        if (p == end) return out;
        while (p < end && is_digit(*p)) {
            out.exponent = std::min(out.exponent * 10 + (*p - '0'), kExponentBound);
            ++p;
        }
        if (down) out.exponent = -out.exponent;
    }
    out.valid = p == end;
    return out;
}

bool fits_numeric(const NumericText& number) {
    if (number.fraction_digits - number.exponent > kMaxScale) return false;
    // numeric_in refuses such exponents before it looks at the digits.
    if (number.exponent >= kExponentBound || number.exponent <= -kExponentBound) return false;
    // A bound on the digits before the point; exact unless they all are zeros, where it errs on the safe side
    // by what zeros follow the point.
    return number.zero || number.whole_digits + number.exponent <= kMaxWholeDigits;
}

void append_canonical(const NumericText& number, std::string& out) {
    if (number.zero) {
        out += '0';
        return;
    }
    std::int64_t power = 0;
    const std::string digits = significant(number, power);
    if (number.negative) out += '-';
    out += digits;
    out += 'e';
    out += std::to_string(power);
}

bool to_int64(const NumericText& number, std::int64_t& out) {
    out = 0;
    if (number.zero) return true;
    std::int64_t power = 0;
    std::string digits = significant(number, power);
    if (power < 0 || power > 18 || digits.size() + static_cast<std::size_t>(power) > 19) return false;
    digits.append(static_cast<std::size_t>(power), '0');
    if (number.negative) digits.insert(0, 1, '-');
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc{};
}

}  // namespace pagehaul::record
