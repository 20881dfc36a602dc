#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace pagehaul::http {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The proxy for this base URL: HTTPS_PROXY or HTTP_PROXY by its scheme (the lower-case name wins; HTTP_PROXY
/// in capitals is not read when REQUEST_METHOD is set, where it would be a CGI client's header), unless
/// NO_PROXY names the host: "*", a host, a domain with or without a leading dot, each with an optional port,
/// or an IPv4 range ("10.0.0.0/8"). Empty: none. A proxy that is not an http URL is an error (kind config)
/// naming the variable; its text may hold a password and is never in the message.
Result<std::string> proxy_for(std::string_view base_url, const Environment& environment);

/// What a redactor must know of the variables that name proxies, also of those that no request uses: user
/// info and password, as written and decoded.
std::vector<std::string> proxy_secrets(const Environment& environment);

}  // namespace pagehaul::http
