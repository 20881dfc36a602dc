#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pagehaul::record {

/// What unescaping met that needs a decision.
struct Unescaped {
    std::int32_t nul_replaced = 0;  ///< \u0000 that became U+FFFD: Postgres cannot store it
    bool lone_surrogate = false;    ///< also U+FFFD; no UTF-8 exists for it
};

/// The value of a JSON string whose escapes json_reader.h has checked, appended to `out` as UTF-8.
Unescaped unescape(std::string_view escaped, std::string& out);

/// The 16 bits of the \uXXXX that starts at `escape`.
std::uint32_t code_unit(const char* escape);
constexpr bool is_high_surrogate(std::uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low_surrogate(std::uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

}  // namespace pagehaul::record
