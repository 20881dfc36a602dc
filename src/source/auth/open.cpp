#include "source/auth/open.h"

#include <variant>

#include "source/auth/login.h"
#include "source/auth/oauth2.h"
#include "source/auth/rotating.h"
#include "source/auth/static_secrets.h"

namespace pagehaul::source {
namespace {

/// Each kind's source.
struct Opened {
    using Source = std::unique_ptr<TokenSource>;
    const AuthParts& parts;

    Source operator()(const config::OAuth2& it) const {
        if (it.rotates)
            return std::make_unique<RotatingTokens>(it, *parts.server, *parts.store, parts.reread,
                                                    parts.redactor);
        return std::make_unique<OAuth2Tokens>(it, *parts.server, parts.reread, parts.redactor);
    }
    Source operator()(const config::Login& it) const {
        return std::make_unique<LoginTokens>(it, *parts.server, parts.reread, parts.redactor);
    }
    template <class Static>
    Source operator()(const Static& it) const {
        return std::make_unique<StaticSecrets>(it, parts.reread);
    }
};

}  // namespace

std::string auth_server_url(const config::SourceAuth& auth) {
    if (const auto* const tokens = std::get_if<config::OAuth2>(&auth)) return tokens->token_url;
    if (const auto* const login = std::get_if<config::Login>(&auth)) return login->request.url;
    return "";
}

bool is_shared(const config::SourceAuth& auth) {
    const auto* const tokens = std::get_if<config::OAuth2>(&auth);
    return tokens != nullptr && tokens->rotates;
}

std::unique_ptr<TokenSource> open_token_source(const config::SourceAuth& auth, const AuthParts& parts) {
    return std::visit(Opened{parts}, auth);
}

}  // namespace pagehaul::source
