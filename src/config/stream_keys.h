#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace pagehaul::config {

// What a stream has of its own, of the keys under `source` and `sink`.
inline constexpr std::array<std::string_view, 6> kSourceKeys{"request", "slices",   "pagination",
                                                             "records", "response", "drift"};
inline constexpr std::array<std::string_view, 10> kSinkKeys{
    "table",      "key",     "mode",     "allow_empty",    "columns",
    "undeclared", "version", "vanished", "vanished_limit", "overlap"};
template <class Keys>
bool is_in(const Keys& keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace pagehaul::config
