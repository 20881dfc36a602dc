#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pagehaul {

/// A to Z in lower case, every other byte as it is, whatever the locale: for names that are ASCII, such as
/// those of headers.
inline std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace pagehaul
