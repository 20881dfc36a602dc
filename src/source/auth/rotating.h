#pragma once

#include <cstdint>
#include <optional>

#include "config/redact.h"
#include "source/auth/credential_store.h"
#include "source/auth/secrets.h"
#include "source/auth/token_endpoint.h"
#include "source/auth/token_source.h"

namespace pagehaul::source {

/// `oauth2` with `rotates`: each use of the refresh token ends it and brings another. So one process of all
/// that share the store uses it at a time, and what it got is stored before anybody shows it; the others take
/// it from there. A process that dies in between leaves the older one behind, which is tried again; the store
/// gives way to a config that names another refresh token than it began with.
class RotatingTokens final : public TokenSource {
  public:
    RotatingTokens(config::OAuth2 auth, const AuthServer& server, CredentialStore& store, Reread reread,
                   config::Redactor& redactor);

    Result<Granted> get(bool refused, const Stops& stops) override;
    bool look() override;
    bool renews() const override { return true; }
    bool may_change() const override { return true; }

  private:
    /// Another process has stored what holds and is newer than what get() gave last.
    bool is_newer(const std::optional<StoredPair>& stored) const;
    Granted use(const StoredPair& pair);
    Result<StoredPair> exchange(const std::optional<StoredPair>& stored, std::stop_token cancel);

    config::OAuth2 auth_;
    const AuthServer server_;
    CredentialStore& store_;
    const Reread reread_;
    config::Redactor& redactor_;
    std::int64_t generation_ = 0;  ///< of what get() gave last
    /// Got and not stored: what it took the place of is good no more.
    std::optional<StoredPair> unsaved_;
};

}  // namespace pagehaul::source
