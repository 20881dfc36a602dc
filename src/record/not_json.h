#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pagehaul::record {

/// Why a body is no JSON document.
struct NotJson {
    bool cut_short = false;  ///< so far it is one: the rest may come the next time
    std::string text;        ///< "the body is not JSON at byte 37: expected a value, not NaN"
};

/// Pure. `expected`: what the reading of the body missed, and `at` which byte; nullopt: before it was read
/// token by token.
NotJson why_not_json(std::string_view body, std::string_view expected, std::optional<std::size_t> at);

}  // namespace pagehaul::record
