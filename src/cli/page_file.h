#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul::cli {

/// Writes an HTML page to the file `to`, whole or not at all, for its owner alone; "-" is stdout. What a link
/// points to is replaced, not the link; a pipe or a device takes the page as it comes; a file that is there
/// and is no HTML page was named by mistake, such as the config, and stays as it is.
/// @return what went wrong: "creative.html: Permission denied".
std::optional<std::string> write_page(const std::string& to, std::string_view page);

}  // namespace pagehaul::cli
