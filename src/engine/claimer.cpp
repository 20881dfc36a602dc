#include "engine/claimer.h"

#include <algorithm>
#include <utility>

#include "core/fault.h"
#include "ledger/claims.h"
#include "ledger/start.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

// How often the run's state is read while nothing wakes us: other processes of the run make no sound.
constexpr Millis kIdle{200};
constexpr Millis kBusy{1000};
constexpr Millis kMinPause{10};
// Polls at rest with open slices and no failed page, until that is called a bug: another process's poll may
// have the slice in its hands.
constexpr int kUnexplainedPolls = 25;

void tell_of(telemetry::Tracer* tracer, const std::string& slice, int pass, bool failed,
             const std::string& why) {
    const std::initializer_list<log::Field> fields = {{"slice", slice}, {"pass", pass}, {"cause", why}};
    if (failed) {
        log::error("slice failed", fields);
        if (tracer != nullptr) tracer->slice_ended(slice, telemetry::SliceEnd::failed, why);
    } else {
        log::warn("the API moved while it was read", fields);
        if (tracer != nullptr) tracer->slice_moved(slice, pass, why);
    }
}

}  // namespace

Claimer::Claimer(Context& context, ClaimQueue& jobs, Outbox& outbox, SourceHealth& health,
                 SessionOptions session, ClaimerOptions options)
    : context_(context),
      jobs_(jobs),
      outbox_(outbox),
      health_(health),
      session_(std::move(session), context.clock, context.random),
      options_(std::move(options)),
      next_reap_(context.clock.now() + context.config.run.heartbeat),  // starting has just reaped
      last_poll_(context.clock.now() - kBusy) {}

void Claimer::work(std::stop_token workers_joined) {
    const std::stop_token no_new_work = context_.stop.no_new_work_token();
    const std::stop_callback wake_on_stop(no_new_work, [this] { context_.wake.set(); });
    while (!no_new_work.stop_requested()) {
        record_outcomes(no_new_work);
        reap_when_due();
        if (health_.state(context_.clock.now()) == SourceState::given_up) {
            context_.stop.no_new_work(StopCause::unavailable,
                                      "no request to source.base_url has succeeded for run.patience");
            break;
        }
        const std::int64_t commits = context_.tallies.commits_that_plan;
        const bool filled = claim_ahead();
        const bool poll_due = context_.clock.now() - last_poll_ >= kBusy;
        if (!filled || poll_due) {
            if (poll()) return;
        }
        if (!filled) dry_ = Dry{commits, next_look(false)};
        context_.wake.wait_until(next_look(filled), no_new_work);
    }
    give_back_queue();
    if (context_.stop.cause() == StopCause::credential) {
        // At once: until they hear of it the other processes go on sending what is refused.
        session_.run(context_.stop.cancel_token(), [&](postgres::Connection& connection) {
            ledger::tell_stop(connection, context_.scope,
                              log::redacted("credential: " + context_.stop.reason()));
        });
    }
    while (true) {
        const bool last = workers_joined.stop_requested();
        record_outcomes(context_.stop.cancel_token());
        if (last) return;
        context_.wake.wait_until(MonoTime::max(), workers_joined);
    }
}

void Claimer::record_outcomes(std::stop_token stop) {
    Outbox::Content content = outbox_.take();
    if (content.empty()) return;
    dry_.reset();
    if (!content.setbacks.empty()) {
        int recorded = 0;
        session_.run(stop, [&](postgres::Connection& connection) {
            recorded = ledger::record(connection, context_.scope, content.setbacks);
        });
        if (recorded < 0) context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
    }
    for (const ProofDone& done : content.proofs) {
        std::optional<ledger::ProofVerdict> verdict;
        session_.run(stop, [&](postgres::Connection& connection) {
            verdict = ledger::prove(connection, context_.scope, context_.policy, done.claim, done.reading);
        });
        if (!verdict) continue;
        if (const auto* moved = std::get_if<ledger::Moved>(&*verdict)) {
            tell_of(context_.tracer, done.claim.slice_key, done.claim.pass, false, moved->why);
        } else if (const auto* refuted = std::get_if<ledger::Refuted>(&*verdict)) {
            tell_of(context_.tracer, done.claim.slice_key, done.claim.pass, true, refuted->why);
        } else {
            log::debug("slice proven", {{"slice", done.claim.slice_key}, {"pass", done.claim.pass}});
            if (context_.tracer != nullptr)
                context_.tracer->slice_ended(done.claim.slice_key, telemetry::SliceEnd::proven, {});
        }
    }
    for (const ledger::Setback& setback : content.setbacks)
        context_.held.remove(setback.claim.page_id);
    for (const ProofDone& done : content.proofs)
        context_.held.remove(done.claim.page_id);
}

bool Claimer::claim_ahead() {
    const std::size_t held = context_.held.size();
    if (alone_ && held > 0) return true;
    alone_ = false;
    int room = options_.ahead - static_cast<int>(jobs_.size());
    // Few large claims are cheaper than many small ones; the queue never runs dry at half.
    if (room * 2 < options_.ahead) return true;
    const MonoTime now = context_.clock.now();
    if (held > 0 && dry_ && dry_->commits == context_.tallies.commits_that_plan && now < dry_->until)
        return true;
    const bool down = health_.state(now) != SourceState::up;
    if (down) {
        // One job carries the probe; the others stay in the ledger, where they wait without holding anything.
        // It need not be due: back-offs grow while nothing succeeds, and the source may be back long before.
        const auto probe_at = health_.next_probe_at(now);
        if (held > 0 || !probe_at || *probe_at > now) return true;
        room = 1;
    }
    std::vector<ledger::Claim> claims;
    MonoTime asked = now;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (answer_lost_) {
            // A claim whose answer was lost may have leased pages that nobody knows of.
            ledger::give_back_unknown(connection, context_.scope, context_.held.ids());
        }
        answer_lost_ = true;
        asked = context_.clock.now();
        claims = ledger::claim(connection, context_.scope, room, held == 0,
                               down ? ledger::Due::whenever : ledger::Due::now);
        answer_lost_ = false;
    });
    if (!claims.empty()) fault_point("after_claim");
    for (ledger::Claim& claim : claims) {
        alone_ = alone_ || claim.alone;
        context_.held.add(claim.page_id, asked);
        if (context_.tracer != nullptr) context_.tracer->slice_claimed(claim.slice_id, claim.slice_key);
        // Refused only when the stop began: settling gives the lease back.
        jobs_.push(std::move(claim), context_.stop.no_new_work_token());
    }
    return static_cast<int>(claims.size()) >= room;
}

void Claimer::reap_when_due() {
    const MonoTime now = context_.clock.now();
    if (now < next_reap_) return;
    next_reap_ = now + context_.config.run.heartbeat;
    ledger::Reaped reaped;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        reaped = ledger::reap(connection, context_.scope, options_.max_lease, options_.may_judge_time());
    });
    if (reaped.pages > 0 || reaped.backends > 0) {
        log::warn("leases of lost workers taken back",
                  {{"pages", reaped.pages}, {"backends_ended", reaped.backends}});
    }
}

bool Claimer::poll() {
    ledger::RunState state;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        state = ledger::poll(connection, context_.scope, context_.policy);
    });
    for (const ledger::SliceNews& news : state.news)
        tell_of(context_.tracer, news.slice_key, news.pass, news.failed, news.why);
    last_poll_ = context_.clock.now();
    next_due_ = state.next_due;
    options_.on_state(state);
    if (state.status == ledger::RunStatus::succeeded) return true;
    if (state.status == ledger::RunStatus::superseded) {
        context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
        return true;
    }
    const bool nothing_here = context_.held.size() == 0 && outbox_.empty();
    if (nothing_here && state.pages_leased > 0) {
        // Leased to us all the same, by a claim that landed after its link was lost; others' leases stay.
        session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
            ledger::give_back_unknown(connection, context_.scope, {});
        });
    }
    const bool at_rest = nothing_here && state.pages_pending == 0 && state.pages_leased == 0;
    const bool progressed = std::exchange(last_open_, state.slices_open) != state.slices_open;
    polls_at_rest_ = !at_rest ? 0 : progressed ? 1 : polls_at_rest_ + 1;
    if (!at_rest) return false;
    if (state.slices_open == 0 && state.slices_failed == 0 && state.key_overlap.empty())
        return finalise_waits();
    // The last pages may have been committed after the poll had looked at their slices and before it read
    // the state: only a poll that began at rest shows that nothing follows.
    if (polls_at_rest_ == 1) context_.wake.set();
    const bool explained = state.slices_open == 0 || state.pages_unavailable + state.pages_refused > 0;
    return polls_at_rest_ >= (explained ? 2 : kUnexplainedPolls);
}

bool Claimer::finalise_waits() {
    // Everything is proven; only the pipeline's lock, which some other process holds for a while, is missing.
    const MonoTime now = context_.clock.now();
    if (!finalising_since_) finalising_since_ = now;
    if (now - *finalising_since_ < context_.scope.stale + ledger::lock_grace) return false;
    context_.stop.no_new_work(
        StopCause::lost,
        "every slice is proven, but the pipeline's lock stayed busy: the next start finishes the run");
    return true;
}

void Claimer::give_back_queue() {
    std::vector<ledger::Setback> returned;
    for (ledger::Claim& claim : jobs_.drain()) {
        returned.push_back({.claim = std::move(claim),
                            .kind = ledger::Setback::Kind::returned,
                            .counts = false,
                            .delay = {},
                            .error = {},
                            .payload = {}});
    }
    if (returned.empty()) return;
    session_.run(context_.stop.cancel_token(), [&](postgres::Connection& connection) {
        ledger::record(connection, context_.scope, returned);
    });
    for (const ledger::Setback& setback : returned)
        context_.held.remove(setback.claim.page_id);
}

MonoTime Claimer::next_look(bool filled) const {
    const MonoTime now = context_.clock.now();
    MonoTime at = std::min(next_reap_, last_poll_ + kBusy);
    if (filled) {
        if (dry_ && now < dry_->until) at = std::min(at, dry_->until);
        if (health_.state(now) != SourceState::up) at = std::min(at, now + kIdle);
    } else {
        at = std::min(at, now + kIdle);
        if (next_due_) at = std::min(at, now + *next_due_);
    }
    return std::max(at, now + kMinPause);
}

}  // namespace pagehaul::engine
