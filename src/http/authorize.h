#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::http {

/// Puts the credential where `auth` says: a header, or a query parameter behind what the target has already.
/// Fails (kind config, `origin`) when a header would hold CR, LF or NUL.
Result<void> authorize(Request& request, const config::Auth& auth, std::string_view origin);

/// The header's value for a name and a password: "Basic dTpw" (RFC 7617).
std::string basic_credentials(const std::string& name, const std::string& password);

}  // namespace pagehaul::http
