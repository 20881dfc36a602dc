#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "engine/shared/context.h"
#include "engine/shared/outbox.h"
#include "engine/shared/queues.h"
#include "engine/shared/session.h"
#include "engine/shared/source_health.h"
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
/// connection; no other thread calls it.
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
    /// @return whether as many were leased as there was room for.
    bool claim_ahead();
    void reap_when_due();
    /// @return whether there is nothing left to wait for.
    bool poll();
    /// All is proven and the run is not final yet. @return whether to stop waiting for that.
    bool finalise_waits();
    void give_back_queue();
    MonoTime next_look(bool filled) const;

    /// The ledger had fewer pages due than there was room for. Unless a commit plans more or an outcome frees
    /// some, it need not be asked again until then: workers that run dry at the end of a run wake us for each
    /// page.
    struct Dry {
        std::int64_t commits;
        MonoTime until;
    };

    Context& context_;
    ClaimQueue& jobs_;
    Outbox& outbox_;
    SourceHealth& health_;
    Session session_;
    ClaimerOptions options_;
    MonoTime next_reap_;
    MonoTime last_poll_;
    std::optional<Millis> next_due_;
    std::optional<Dry> dry_;
    int polls_at_rest_ = 0;        ///< in a row, without a page pending, leased or in our hands
    std::int64_t last_open_ = -1;  ///< slices open at the last poll
    std::optional<MonoTime> finalising_since_;
    bool answer_lost_ = false;  ///< of the last claim
    bool alone_ = false;        ///< a page that killed its workers is held: nothing else is claimed
};

}  // namespace pagehaul::engine
