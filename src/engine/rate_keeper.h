#pragma once

#include <stop_token>

#include "engine/shared/context.h"
#include "engine/shared/session.h"
#include "http/rate_limiter.h"
#include "ledger/rate_budget.h"

namespace pagehaul::engine {

http::HeardPause shared_pause(const ledger::SharedPause& pause);

/// Asks the pipeline's budget what `limiter` needs of it, and brings the answer. One exchange.
void keep_budget(Context& context, http::RateLimiter& limiter, const http::RateLimiter::Need& need,
                 Session& session, std::stop_token stop);

/// Keeps a leased rate supplied from the pipeline's budget in the ledger, and its pauses told and heard. A
/// thread of its own with a connection of its own, small and never in anybody's way: without an answer nobody
/// here sends.
class RateKeeper {
  public:
    RateKeeper(Context& context, http::RateLimiter& limiter, SessionOptions session);

    /// Returns when `over` is requested. Throws Failure when the database stays away beyond the patience.
    void work(std::stop_token over);

  private:
    Context& context_;
    http::RateLimiter& limiter_;
    Session session_;
    Wake wake_;
};

}  // namespace pagehaul::engine
