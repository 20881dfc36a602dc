#pragma once

#include <memory>
#include <string>

#include "config/redact.h"
#include "source/auth/credential_store.h"
#include "source/auth/secrets.h"
#include "source/auth/token_endpoint.h"
#include "source/auth/token_source.h"

namespace pagehaul::source {

/// Where credentials are asked for, beside the API; empty: nobody is.
std::string auth_server_url(const config::SourceAuth& auth);

/// Its processes share what they get.
bool is_shared(const config::SourceAuth& auth);

/// What a source of credentials is made from; all of it outlives that.
struct AuthParts {
    const AuthServer* server = nullptr;  ///< where auth_server_url() names one
    CredentialStore* store = nullptr;    ///< where is_shared()
    Reread reread;
    config::Redactor& redactor;
};

/// The source that the config says.
std::unique_ptr<TokenSource> open_token_source(const config::SourceAuth& auth, const AuthParts& parts);

}  // namespace pagehaul::source
