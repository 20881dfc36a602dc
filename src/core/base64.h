#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul {

/// RFC 4648, 4.
std::string base64(std::string_view bytes);
/// RFC 4648, 5, without padding: what a URL and a JWT hold.
std::string base64_url(std::string_view bytes);
/// What `text` stands for; nothing if it is not whole base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace pagehaul
