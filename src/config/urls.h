#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul::config {

/// What is wrong with a URL that must be absolute, http or https, with a host, without user info, query and
/// fragment; nothing if it is fine.
std::optional<std::string> url_fault(std::string_view url);

}  // namespace pagehaul::config
