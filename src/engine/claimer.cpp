#include "engine/claimer.h"

#include <utility>

#include "core/fault.h"
#include "ledger/blockers.h"
#include "ledger/claims.h"
#include "ledger/start.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

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
      last_poll_{.ended = context.clock.now() - poll_pause} {}

void Claimer::work(std::stop_token workers_joined) {
    const std::stop_token no_new_work = context_.stop.no_new_work_token();
    const std::stop_callback wake_on_stop(no_new_work, [this] { context_.wake.set(); });
    while (!no_new_work.stop_requested()) {
        record_outcomes(no_new_work);
        reap_when_due();
        if (health_.state(context_.clock.now()) == SourceState::given_up) {
            context_.stop.no_new_work(
                StopCause::unavailable,
                std::string("no request to source.base_url has succeeded for run.patience") +
                    (health_.throttles() ? ": the API throttles" : ""));
            break;
        }
        const std::int64_t commits = context_.tallies.commits_that_plan;
        const bool filled = claim_ahead();
        const bool due = next_poll(last_poll_, filled) <= context_.clock.now();
        wants_poll_ = !due && !filled;
        if (due && poll()) return;
        const MonoTime at = next_look(look_view(filled));
        if (!filled) dry_ = Dry{commits, at};
        context_.wake.wait_until(at, no_new_work);
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
        std::optional<int> recorded;
        session_.run(stop, [&](postgres::Connection& connection) {
            recorded = ledger::record(connection, context_.scope, content.setbacks);
        });
        if (!recorded) context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
    }
    std::vector<std::optional<ledger::ProofVerdict>> verdicts;
    session_.run(stop, [&](postgres::Connection& connection) {
        verdicts = ledger::prove(connection, context_.scope, context_.policy, content.proofs);
    });
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const ProofDone& done = content.proofs[i];
        const std::optional<ledger::ProofVerdict>& verdict = verdicts[i];
        if (!verdict) continue;
        if (const auto* moved = std::get_if<ledger::Moved>(&*verdict)) {
            tell_of(context_.tracer, done.claim.slice_key, done.claim.pass, false, moved->why);
        } else if (const auto* refuted = std::get_if<ledger::Refuted>(&*verdict)) {
            tell_of(context_.tracer, done.claim.slice_key, done.claim.pass, true, refuted->why);
        } else {
            tell_end_not_shown(done);
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

void Claimer::tell_end_not_shown(const ProofDone& done) {
    if (done.reading.end_refused.empty() || std::exchange(end_not_shown_told_, true)) return;
    log::warn(
        "the end was not shown",
        {{"slice", done.claim.slice_key}, {"pass", done.claim.pass}, {"cause", done.reading.end_refused}});
}

bool Claimer::claim_ahead() {
    const MonoTime now = context_.clock.now();
    const std::size_t held = context_.held.size();
    alone_ = alone_ && held > 0;
    const ClaimStep step = next_claim({.now = now,
                                       .held = held,
                                       .queued = jobs_.size(),
                                       .ahead = options_.ahead,
                                       .alone = alone_,
                                       .source = health_.state(now),
                                       .next_probe = health_.next_probe_at(now),
                                       .commits = context_.tallies.commits_that_plan,
                                       .dry = dry_});
    if (std::holds_alternative<Enough>(step)) return true;
    const bool probe = std::holds_alternative<ClaimProbe>(step);
    const ClaimDue due = probe ? ClaimDue{.room = 1, .may_be_alone = true} : std::get<ClaimDue>(step);
    std::vector<ledger::Claim> claims;
    MonoTime asked = now;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (claim_in_doubt_) ledger::give_back_unknown(connection, context_.scope, context_.held.ids());
        claim_in_doubt_ = true;
        asked = context_.clock.now();
        claims = ledger::claim(connection, context_.scope, due.room, due.may_be_alone,
                               probe ? ledger::Due::whenever : ledger::Due::now, claimed_to_);
        claim_in_doubt_ = false;
    });
    if (!claims.empty()) fault_point("after_claim");
    const ledger::Place last =
        claims.empty() ? ledger::Place{} : ledger::Place{claims.back().slice_id, claims.back().no};
    for (ledger::Claim& claim : claims) {
        alone_ = alone_ || claim.alone;
        context_.held.add(claim.page_id, asked);
        if (context_.tracer != nullptr) context_.tracer->slice_claimed(claim.slice_id, claim.slice_key);
        // Refused only when the stop began: settling gives the lease back.
        jobs_.push(std::move(claim), context_.stop.no_new_work_token());
    }
    const bool filled = static_cast<int>(claims.size()) >= due.room;
    claimed_to_ = filled ? last : ledger::Place{};
    return filled;
}

void Claimer::reap_when_due() {
    const MonoTime now = context_.clock.now();
    if (now < next_reap_) return;
    next_reap_ = now + context_.config.run.heartbeat;
    ledger::Reaped reaped;
    // Long before others, who see no more than its age, may take a lease of ours for lost.
    const std::vector<std::int64_t> held = context_.held.ids();
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (!held.empty()) ledger::renew_leases(connection, context_.scope, held, options_.max_lease / 4);
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
        state = ledger::poll(connection, context_.scope, context_.policy,
                             [&] { return context_.clock.now().time_since_epoch(); });
    });
    for (const ledger::SliceNews& news : state.news)
        tell_of(context_.tracer, news.slice_key, news.pass, news.failed, news.why);
    const MonoTime now = context_.clock.now();
    last_poll_ = {.ended = now, .took = state.asking, .more_due = state.more_due};
    context_.tallies.polled(last_poll_.took);
    claimed_to_ = {};  // pages that are pending again stand before it
    next_due_ = state.next_due;
    options_.on_state(state);
    const Polled polled{
        .state = state, .nothing_here = context_.held.size() == 0 && outbox_.empty(), .now = now};
    if (holds_unknown(polled)) {
        session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
            ledger::give_back_unknown(connection, context_.scope, {});
        });
    }
    const RestStep step = judge_rest(rest_, polled, context_.scope.stale + ledger::lock_grace);
    if (std::holds_alternative<TakenOver>(step))
        context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
    if (std::holds_alternative<SlicesBusy>(step)) {
        std::string holder;
        session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
            holder = ledger::slices_holder(connection, context_.scope);
        });
        context_.stop.no_new_work(StopCause::lost, "open slices stayed locked" +
                                                       (holder.empty() ? "" : " by " + holder) +
                                                       ": the next start finishes the run");
    }
    if (std::holds_alternative<LockBusy>(step))
        context_.stop.no_new_work(
            StopCause::lost,
            "every slice is proven, but the pipeline's lock stayed busy: the next start finishes the run");
    const auto* more = std::get_if<GoOn>(&step);
    if (more != nullptr && more->at_once) context_.wake.set();
    return more == nullptr;
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

LookView Claimer::look_view(bool filled) const {
    const MonoTime now = context_.clock.now();
    return {.now = now,
            .filled = filled,
            .next_reap = next_reap_,
            .last_poll = last_poll_,
            .wants_poll = wants_poll_,
            .source = health_.state(now),
            .next_due = next_due_,
            .dry = dry_};
}

}  // namespace pagehaul::engine
