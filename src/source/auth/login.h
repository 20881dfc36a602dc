#pragma once

#include "config/redact.h"
#include "source/auth/secrets.h"
#include "source/auth/token_endpoint.h"
#include "source/auth/token_source.h"

namespace pagehaul::source {

/// The request that logs in. Fails (kind config) for a URL that is none.
Result<http::Request> login_request(const config::LoginRequest& how);
/// The token of the answer, known to `redactor`; failures as those of read_tokens().
Result<std::string> login_token(const config::LoginToken& where, const http::Response& answer,
                                config::Redactor& redactor);

/// `login`: a token that a request of the config's own making gets.
class LoginTokens final : public TokenSource {
  public:
    LoginTokens(config::Login auth, const AuthServer& server, Reread reread, config::Redactor& redactor);

    Result<Granted> get(bool refused, const Stops& stops) override;
    bool look() override;
    bool renews() const override { return true; }
    bool may_change() const override { return may_change_; }

  private:
    config::Login auth_;
    const AuthServer server_;
    const Reread reread_;
    config::Redactor& redactor_;
    const bool may_change_;
};

}  // namespace pagehaul::source
