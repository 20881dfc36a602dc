#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/redact.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::source {

/// Parameters of a token request by the names that RFC 6749 has for them.
using TokenParameters = std::vector<std::pair<std::string, std::string>>;

/// A token server's answer.
struct Tokens {
    std::string access;
    std::optional<std::string> refresh;
    std::optional<Nanos> lifetime;
};

/// The request for `parameters` (RFC 6749, 4 to 6), with the client's credential where the config wants it.
/// Fails (kind config) where a header would hold CR, LF or NUL.
Result<http::Request> token_request(const config::OAuth2& auth, TokenParameters parameters);

/// What the answer means. Tokens are made known to `redactor`. Failures are kind transient (the server is
/// down, or busy), config (it is not there) or credential, and say in words what it refuses; nothing of the
/// answer is quoted but its error.
Result<Tokens> read_tokens(const config::OAuth2& auth, const http::Response& answer,
                           config::Redactor& redactor);

/// Parameters as the body of a request.
void put_parameters(http::Request& request, config::TokenRequestBody how, const TokenParameters& parameters);

/// The text of a scalar in a JSON document; empty: there is none, or the body is no JSON.
std::string text_in(std::string_view json, const std::string& pointer);

/// What to show of a token.
config::Auth shown(const config::SendToken& send, const std::string& token);

/// A server beside the API that is asked for credentials. Outlives who asks it.
struct AuthServer {
    http::Transport& transport;
    const Clock& clock;
    Millis patience;                        ///< for one exchange
    std::function<std::string()> new_id{};  ///< another each time
};

/// The longest patience: others of the run may wait for what is exchanged.
constexpr Millis longest_auth_exchange{30'000};

/// One exchange; a failure names `where`.
Result<http::Response> ask(const AuthServer& server, std::string_view where, const http::Request& request,
                           std::stop_token cancel);

}  // namespace pagehaul::source
