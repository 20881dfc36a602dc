#include "source/auth/oauth2.h"

#include <utility>

#include "log/log.h"
#include "source/auth/jwt.h"

namespace pagehaul::source {

Result<TokenParameters> grant_parameters(const config::OAuth2& auth, WallTime now, std::string_view id) {
    switch (auth.grant) {
        case config::OAuth2Grant::client_credentials:
            return TokenParameters{{"grant_type", "client_credentials"}};
        case config::OAuth2Grant::refresh_token:
            return TokenParameters{{"grant_type", "refresh_token"},
                                   {"refresh_token", auth.refresh_token->value}};
        case config::OAuth2Grant::password:
            return TokenParameters{{"grant_type", "password"},
                                   {"username", auth.username->value},
                                   {"password", auth.password->value}};
        case config::OAuth2Grant::jwt_bearer: {
            auto assertion = signed_assertion(*auth.jwt, auth.token_url, now, id);
            if (!assertion) return tl::unexpected<Error>(assertion.error());
            return TokenParameters{{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                   {"assertion", std::move(*assertion)}};
        }
    }
    throw Failure(ErrorKind::bug, "source.auth.grant", "a grant of no kind");
}

OAuth2Tokens::OAuth2Tokens(config::OAuth2 auth, const AuthServer& server, Reread reread,
                           config::Redactor& redactor)
    : auth_(std::move(auth)),
      server_(server),
      reread_(std::move(reread)),
      redactor_(redactor),
      may_change_(any_rereadable(secrets_of(auth_))) {}

Result<Granted> OAuth2Tokens::get(bool, const Stops& stops) {
    const WallTime now = server_.clock.wall_now();
    auto parameters = grant_parameters(auth_, now, server_.new_id());
    if (!parameters) return tl::unexpected<Error>(parameters.error());
    const auto request = token_request(auth_, std::move(*parameters));
    if (!request) return tl::unexpected<Error>(request.error());
    const auto answer = ask(server_, "source.auth.token_url", *request, stops.cancel);
    if (!answer) return tl::unexpected<Error>(answer.error());
    auto tokens = read_tokens(auth_, *answer, redactor_);
    if (!tokens) return tl::unexpected<Error>(tokens.error());
    const bool another = auth_.grant == config::OAuth2Grant::refresh_token && tokens->refresh &&
                         *tokens->refresh != auth_.refresh_token->value;
    if (another) {
        auth_.refresh_token->value = *tokens->refresh;
        if (!std::exchange(told_, true))
            log::warn("another refresh token was given, which this process alone knows",
                      {{"cause",
                        "source.auth.refresh_token: where the older one is good no more, the next "
                        "process is refused"}});
    }
    return Granted{.auth = shown(auth_.send, tokens->access), .lifetime = tokens->lifetime};
}

bool OAuth2Tokens::look() {
    return reread_all(secrets_of(auth_), reread_);
}

}  // namespace pagehaul::source
