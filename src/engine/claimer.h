#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "engine/claim_policy.h"
#include "engine/rest_policy.h"
#include "engine/shared/context.h"
#include "engine/shared/outbox.h"
#include "engine/shared/queues.h"
#include "engine/shared/session.h"
#include "engine/shared/source_health.h"
#include "ledger/claims.h"
#include "ledger/run_state.h"

namespace pagehaul::engine {

struct ClaimerOptions {
    int ahead = 16;       ///< leases waiting in the job queue at most
    Millis max_lease{0};  ///< a page cannot live longer: request + queue + buffer + commit limits
    std::function<bool()> may_judge_time;                   ///< Heartbeat::may_judge_time
    std::function<void(const ledger::RunState&)> on_state;  ///< after each poll; for progress and metrics
};

/// The planner's and the ledger's thread: keeps the job queue filled ahead of need, records what did not
/// work, judges proofs, reaps, and polls the run's state until it is over or can go no further. Its own
/// connection; no other thread calls it. What it decides stands in claim_policy.h and rest_policy.h.
class Claimer {
  public:
    Claimer(Context& context, ClaimQueue& jobs, Outbox& outbox, SourceHealth& health, SessionOptions session,
            ClaimerOptions options);

    /// A connection to begin with, see Session::adopt.
    void adopt(std::unique_ptr<postgres::Connection> connection) { session_.adopt(std::move(connection)); }

    /// Gives the connection away, after work(); null when it was lost.
    std::unique_ptr<postgres::Connection> release() { return session_.release(); }

    /// Returns when the run is terminal or can go no further, or, after "no new work", when `workers_joined`
    /// is requested: until then it records the outcomes of requests still in flight. Throws Failure when the
    /// database stays away beyond the patience.
    void work(std::stop_token workers_joined);

  private:
    void record_outcomes(std::stop_token stop);
    /// Once: the other slices of a source are like the first.
    void tell_end_not_shown(const ProofDone& done);
    /// @return whether as many were leased as there was room for.
    bool claim_ahead();
    void reap_when_due();
    /// @return whether there is nothing left to wait for.
    bool poll();
    void give_back_queue();
    LookView look_view(bool filled) const;

    Context& context_;
    ClaimQueue& jobs_;
    Outbox& outbox_;
    SourceHealth& health_;
    Session session_;
    ClaimerOptions options_;
    MonoTime next_reap_;
    Polling last_poll_;
    bool wants_poll_ = false;  ///< LookView::wants_poll
    ledger::Place
        claimed_to_;  ///< where the next claim begins; at the front when there was less than asked for
    std::optional<Millis> next_due_;
    std::optional<Dry> dry_;
    Rest rest_;
    bool claim_in_doubt_ =
        false;            ///< the last one's answer was lost: it may have leased pages that nobody knows of
    bool alone_ = false;  ///< a page that killed its workers before was claimed
    bool end_not_shown_told_ = false;
};

}  // namespace pagehaul::engine
