#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::source {

/// The assertion of RFC 7523, signed (RFC 7515, compact). `id` makes it another each time (jti). Fails (kind
/// config) where the key is none of its algorithm.
Result<std::string> signed_assertion(const config::JwtBearer& jwt, std::string_view token_url, WallTime now,
                                     std::string_view id);

}  // namespace pagehaul::source
