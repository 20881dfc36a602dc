#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/mutex.h"
#include "core/random.h"
#include "http/transport.h"
#include "source/auth/secrets.h"
#include "source/auth/token_source.h"
#include "source/signing/describe.h"

namespace pagehaul::source {

/// Signs requests as `source.signing` says. Thread-safe; clock and chance outlive it.
class Signer {
  public:
    /// Throws Failure (kind config) for a base_url that is none.
    Signer(config::Signing signing, const std::string& base_url, const Clock& clock, Random& random,
           Reread reread);

    /// Who looks on is told of each step that is done.
    using Watch = std::function<void(const BuiltStep& step)>;
    /// Puts the signature into a request of which nothing else changes any more. Failures are kind config.
    Result<void> sign(http::Request& request, const Watch& watch = {}) const;

    /// Reads anew what it signs with, where that stands in files. @return whether anything is another.
    bool look();
    bool may_change() const;

  private:
    std::shared_ptr<const config::Signing> signing() const;

    const std::string host_;
    const Clock& clock_;
    Random& random_;
    const Reread reread_;
    mutable Mutex mutex_;
    std::shared_ptr<const config::Signing> signing_ PAGEHAUL_GUARDED_BY(mutex_);
};

/// Sends each request signed, whoever repeats it: each time by another time and chance. `signer` outlives it.
std::unique_ptr<http::Transport> signing_transport(std::unique_ptr<http::Transport> transport,
                                                   const Signer& signer);

/// `credential`, and beside it what requests are signed with: that too is looked for anew where the API
/// refuses. `signer` outlives it.
std::unique_ptr<TokenSource> with_signer(std::unique_ptr<TokenSource> credential, Signer& signer);

}  // namespace pagehaul::source
