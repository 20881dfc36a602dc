#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul {

/// Undoes percent-encoding (RFC 3986, 2.1), as strictly as libpq: nothing for a '%' without two hex digits
/// behind it, and for %00, which no C string can hold.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace pagehaul
