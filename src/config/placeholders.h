#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace pagehaul::config {

/// The names in `{{ … }}` of a template, in order: "slice.date", "page.number". A name is letters, digits, _
/// and dots, blanks around it are free.
/// @return the names, or what is wrong with the first one that is none; the text itself is never quoted.
tl::expected<std::vector<std::string>, std::string> placeholders(std::string_view text);

}  // namespace pagehaul::config
