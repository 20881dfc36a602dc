#pragma once

#include <optional>
#include <string>

#include "config/config.h"

namespace pagehaul::config {

/// Where a request shows who we are, beside `source.auth`, by the names of its headers, its parameters and
/// the members of its body: "query.access_token", the first of them. A text of nothing but placeholders is
/// none, as the token of the next page.
std::optional<std::string> shown_credential(const Request& request);

}  // namespace pagehaul::config
