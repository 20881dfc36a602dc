#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/fetch/fetcher.h"
#include "machine/sizing.h"
#include "source/auth/credential_store.h"
#include "source/auth/token_endpoint.h"
#include "source/signing/signer.h"

namespace pagehaul::engine {

/// Everything between a page job and the source, made from the config. Owned by whoever asks the source: a
/// run, `plan`, `check`. `context` must outlive it.
class SourceKit {
  public:
    /// @param share whose rate it keeps: only a run has somebody who leases slots for it
    SourceKit(Context& context, const machine::Sizing& sizing, http::Share share);

    SourceGate& gate() { return gate_; }
    const ByteBudget& budget() const { return budget_; }

  private:
    std::unique_ptr<source::Signer> signer_;  ///< null: requests are not signed
    std::unique_ptr<http::Transport> transport_;
    std::unique_ptr<http::Transport> following_;       ///< null: no stream follows redirects
    std::unique_ptr<http::Transport> auth_transport_;  ///< null: credentials are asked for nowhere
    std::optional<source::AuthServer> auth_server_;
    std::unique_ptr<source::CredentialStore> credential_store_;  ///< null: processes share none
    http::RateLimiter limiter_;
    ByteBudget budget_;
    SourceHealth health_;
    source::Credentials credentials_;
    StreamKits streams_;
    SourceGate gate_;
};

}  // namespace pagehaul::engine
