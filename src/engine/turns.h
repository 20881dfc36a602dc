#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/claim_policy.h"
#include "engine/shared/claim_queue.h"
#include "engine/shared/context.h"
#include "ledger/claims.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// How a claimer of several streams claims: of each no more than its share of the queue holds. The claimer's
/// thread alone.
class Turns {
  public:
    Turns(const Context& context, ClaimQueue& jobs) : context_(context), jobs_(jobs) {}

    bool several() const { return context_.policies.all().size() > 1; }
    /// ClaimView::queued, as if all streams had as few as the one that has the fewest. Those of which the
    /// ledger has no more do not count.
    std::size_t queued() const;
    struct Claimed {
        std::vector<ledger::Claim> claims;
        bool filled = false;  ///< of some stream as many as there was room for
    };
    /// Leases pages of all streams.
    Claimed claim(postgres::Connection& connection);
    /// Pages that are pending again stand before where the last claims ended.
    void begin_anew();

  private:
    struct Turn {
        ledger::Place after{};
        std::optional<Dry> dry{};
    };
    bool is_dry(const Turn& turn) const;
    std::size_t share() const {
        return std::max<std::size_t>(1, jobs_.capacity() / context_.policies.all().size());
    }

    const Context& context_;
    ClaimQueue& jobs_;
    std::map<std::string, Turn> turns_;  ///< by stream
    MonoTime next_front_ = MonoTime::min();
};

}  // namespace pagehaul::engine
