#pragma once

#include <string>

#include "config/config.h"
#include "config/yaml/type.h"

namespace pagehaul::config {

/// A pointer, {pointer: /a/place} or {header: A-Name}. `what` is there: "the number of rows".
Type<ResponsePlace> response_place(const std::string& what);

/// A header's name as answers carry it.
Type<std::string> response_header_name();

}  // namespace pagehaul::config
