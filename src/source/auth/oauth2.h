#pragma once

#include <optional>
#include <string>

#include "config/redact.h"
#include "source/auth/secrets.h"
#include "source/auth/token_endpoint.h"
#include "source/auth/token_source.h"

namespace pagehaul::source {

/// What shows the token server that we may have a token: RFC 6749, 4.3, 4.4 and 6,
/// and RFC 7523, 2.1. `now` and `id` are an assertion's.
Result<TokenParameters> grant_parameters(const config::OAuth2& auth, WallTime now, std::string_view id);

/// Tokens of a token server: `oauth2`. A refresh token that an answer brings is used from then on, and told
/// of as what it is: lost with this process.
class OAuth2Tokens final : public TokenSource {
  public:
    OAuth2Tokens(config::OAuth2 auth, const AuthServer& server, Reread reread, config::Redactor& redactor);

    Result<Granted> get(bool refused, const Stops& stops) override;
    bool look() override;
    bool renews() const override { return true; }
    bool may_change() const override { return may_change_; }

  private:
    config::OAuth2 auth_;
    const AuthServer server_;
    const Reread reread_;
    config::Redactor& redactor_;
    const bool may_change_;
    bool told_ = false;
};

}  // namespace pagehaul::source
