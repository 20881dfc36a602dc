#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul::source {

/// The target of the first link of a Link header (RFC 8288) whose relation is `next`; of several lines,
/// joined by commas. What cannot be read is passed over.
std::optional<std::string> next_of_link_header(std::string_view value);

}  // namespace pagehaul::source
