#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pagehaul::source {

/// The members of a JSON object without blanks, as requests are sent: names as texts, values as the JSON that
/// stands there, so that no number is written otherwise. Of what is no object: none.
std::vector<std::pair<std::string, std::string_view>> json_members(std::string_view object);

/// What a value is as a text: of a string without quotes and escapes, of all else its JSON.
std::string json_as_text(std::string_view json);

}  // namespace pagehaul::source
