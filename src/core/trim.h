#pragma once

#include <string_view>

namespace pagehaul {

/// Without the characters of `blanks` at its beginning and end.
inline std::string_view trimmed(std::string_view text, std::string_view blanks = " ") {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace pagehaul
