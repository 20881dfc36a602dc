#pragma once

#include <memory>
#include <string>

#include "engine/fetch/fetcher.h"
#include "machine/sizing.h"

namespace pagehaul::engine {

/// Everything between a page job and the source, made from the config. Owned by whoever asks the source: a
/// run, `plan`, `check`. `context` must outlive it.
class SourceKit {
  public:
    SourceKit(Context& context, const machine::Sizing& sizing);

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
