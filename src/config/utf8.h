#pragma once

#include <cstddef>
#include <string_view>

namespace pagehaul::config {

/// Characters (code points) of well-formed UTF-8.
std::size_t utf8_length(std::string_view text);

/// Where the first byte is that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no overlong
/// forms), or is NUL; npos if there is none.
std::size_t utf8_first_bad(std::string_view text);

}  // namespace pagehaul::config
