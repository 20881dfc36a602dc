#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::record {

/// A JSON pointer (RFC 6901) taken apart; "" has no steps and names the document itself.
using Pointer = std::vector<std::string>;

/// @return nullopt if `text` is neither empty nor begins with '/', or holds a '~' that is not ~0 or ~1
std::optional<Pointer> parse_pointer(std::string_view text);

/// The element a step names in an array: digits without leading zeros. RFC 6901's "-" names none.
std::optional<std::uint32_t> array_index(std::string_view step);

}  // namespace pagehaul::record
