#pragma once

#include <memory>
#include <string>

#include "engine/fetcher.h"
#include "engine/sizing.h"

namespace pagehaul::engine {

/// A transport to the origin of `base_url`, by the environment's proxy where there is one. Throws
/// Failure(config).
std::unique_ptr<http::Transport> transport_for(const std::string& base_url, Millis connect_timeout,
                                               const Clock& clock);

/// The same, for a server that a run can do without: a name of it that does not resolve holds up nothing else
/// (http::look_up_apart).
std::unique_ptr<http::Transport> telemetry_transport_for(const std::string& base_url, Millis connect_timeout,
                                                         const Clock& clock);

/// Everything between a page job and the source, made from the config. Owned by whoever asks the source: a
/// run, `plan`, `check`. `context` must outlive it.
class SourceKit {
  public:
    SourceKit(Context& context, const Sizing& sizing);

    SourceGate& gate() { return gate_; }
    const ByteBudget& budget() const { return budget_; }

  private:
    std::unique_ptr<http::Transport> transport_;
    http::RateLimiter limiter_;
    ByteBudget budget_;
    SourceHealth health_;
    source::Credentials credentials_;
    source::Requests requests_;
    source::Judge judge_;
    SourceGate gate_;
};

}  // namespace pagehaul::engine
