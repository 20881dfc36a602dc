#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "engine/claim_policy.h"
#include "engine/rest_policy.h"
#include "engine/shared/context.h"
#include "engine/shared/hint_box.h"
#include "engine/shared/outbox.h"
#include "engine/shared/queues.h"
#include "engine/shared/session.h"
#include "engine/shared/slice_news.h"
#include "engine/shared/source_health.h"
#include "engine/turns.h"
#include "http/rate_limiter.h"
#include "ledger/claims.h"
#include "ledger/run_state.h"

namespace pagehaul::engine {

struct ClaimerOptions {
    int ahead = 16;                      ///< leases waiting in the job queue at most
    std::optional<std::size_t> hands{};  ///< ClaimView::hands
    Millis max_lease{0};  ///< a page cannot live longer: request + queue + buffer + commit limits
    http::RateLimiter* limiter = nullptr;                   ///< shares its pauses; null: nobody's
    HintBox* hints = nullptr;                               ///< says what to claim; null: the ledger alone
    std::optional<Nanos> leave_when_idle{};                 ///< see may_leave
    std::function<bool()> may_judge_time;                   ///< Heartbeat::may_judge_time
    std::function<void(const ledger::RunState&)> on_state;  ///< after each poll; for progress and metrics
    std::function<void()>
        on_planned{};  ///< a commit of this process may have planned pages; null: nobody asks
    /// Takes over proofs that are to be judged, with their leases, and wakes the claimer when they are; null:
    /// the claimer judges them itself.
    std::function<void(std::vector<ProofDone>)> prove_elsewhere{};
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
    /// Tells the pipeline's other processes of a pause, and hears of theirs where polls come too seldom; but
    /// where the rate's keeper does.
    void share_pauses(std::stop_token stop);
    bool shares_pauses() const { return options_.limiter != nullptr && !options_.limiter->is_leased(); }
    /// @return whether as many were leased as there was room for.
    bool claim_ahead();
    /// By hints, while they come.
    bool claims_by_hints() const;
    void note_claimed(const std::vector<HintedPage>& hints, const std::vector<ledger::Claim>& claims);
    /// A lease's outcome stands in the ledger; what was only `returned` is for somebody else.
    void let_go(const std::vector<ledger::Setback>& setbacks);
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
    Turns turns_;
    MonoTime next_reap_;
    Polling last_poll_;
    bool wants_poll_ = false;            ///< LookView::wants_poll
    std::int64_t polled_finishing_ = 0;  ///< Tallies::commits_that_finish at the last poll
    ledger::Place
        claimed_to_;  ///< where the next claim begins; at the front when there was less than asked for
    std::optional<Millis> next_due_;
    std::optional<Dry> dry_;
    std::optional<MonoTime> idle_since_;  ///< LookView::idle_since
    std::int64_t pending_ = 0;            ///< RunState::pages_pending of the last poll
    Rest rest_;
    std::optional<MonoTime> nothing_since_;  ///< see may_leave
    MonoTime last_hint_;                     ///< by which something was claimed
    std::int64_t planned_told_ = 0;
    bool claim_in_doubt_ =
        false;            ///< the last one's answer was lost: it may have leased pages that nobody knows of
    bool alone_ = false;  ///< a page that killed its workers before was claimed
    ProofNews proof_news_;
};

}  // namespace pagehaul::engine
