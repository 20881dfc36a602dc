#include "engine/claimer.h"

#include <map>
#include <utility>

#include "core/duration_text.h"
#include "core/fault.h"
#include "engine/rate_keeper.h"
#include "ledger/blockers.h"
#include "ledger/claims.h"
#include "ledger/start.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

std::vector<ledger::Place> pages_of(const std::vector<HintedPage>& hints) {
    std::vector<ledger::Place> pages;
    pages.reserve(hints.size());
    for (const HintedPage& hint : hints)
        pages.push_back(hint.page);
    return pages;
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
      turns_(context, jobs),
      next_reap_(context.clock.now() + context.config.run.heartbeat),  // starting has just reaped
      last_poll_{.ended = context.clock.now() - poll_pause},
      last_hint_(context.clock.now()) {}

void Claimer::work(std::stop_token workers_joined) {
    const std::stop_token no_new_work = context_.stop.no_new_work_token();
    const std::stop_callback wake_on_stop(no_new_work, [this] { context_.wake.set(); });
    while (!no_new_work.stop_requested()) {
        share_pauses(no_new_work);
        record_outcomes(no_new_work);
        reap_when_due();
        if (health_.state(context_.clock.now()) == SourceState::given_up) {
            const std::string last = health_.last_cause();
            context_.stop.no_new_work(
                StopCause::unavailable,
                std::string("no request to source.base_url has succeeded for run.patience") +
                    (health_.throttles() ? ": the API throttles" : "") +
                    (last.empty() ? "" : "; the last one: " + log::redacted(last)));
            break;
        }
        const std::int64_t commits = context_.tallies.commits_that_plan;
        if (std::exchange(planned_told_, commits) != commits && options_.on_planned) options_.on_planned();
        const bool filled = claim_ahead();
        const bool waits = filled && polled_finishing_ == context_.tallies.commits_that_finish;
        const bool due = next_poll(last_poll_, waits) <= context_.clock.now();
        wants_poll_ = !due && !filled;  // filled: commits wake us soon enough
        if (due && poll()) return;
        const MonoTime at = next_look(look_view(filled));
        if (!filled) dry_ = Dry{commits, at};
        context_.wake.wait_until(at, no_new_work);
    }
    give_back_queue();
    const StopCause cause = context_.stop.cause();
    if (cause == StopCause::credential || cause == StopCause::config) {
        // At once: until they hear of it the other processes go on sending what is refused, and whoever
        // scales workers starts more of them.
        const std::string_view kind = cause == StopCause::credential ? "credential: " : "config: ";
        session_.run(context_.stop.cancel_token(), [&](postgres::Connection& connection) {
            ledger::tell_stop(connection, context_.scope,
                              log::redacted(std::string(kind) + context_.stop.reason()));
        });
    }
    while (true) {
        const bool last = workers_joined.stop_requested();
        record_outcomes(context_.stop.cancel_token());
        if (last) return;
        context_.wake.wait_until(MonoTime::max(), workers_joined);
    }
}

void Claimer::share_pauses(std::stop_token stop) {
    if (!shares_pauses()) return;
    const http::RateLimiter::Need need = options_.limiter->need();
    if (idle_since_ && !need.told) return;  // the poll brings them
    if (need.at <= context_.clock.now())
        keep_budget(context_, *options_.limiter, need, session_, std::move(stop));
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
    let_go(content.setbacks);
    if (content.proofs.empty()) return;
    if (options_.prove_elsewhere) return options_.prove_elsewhere(std::move(content.proofs));
    std::vector<std::optional<ledger::ProofVerdict>> verdicts;
    session_.run(stop, [&](postgres::Connection& connection) {
        verdicts = ledger::prove(connection, context_.scope, context_.policies, content.proofs);
    });
    proof_news_.tell(context_, content.proofs, verdicts);
    for (const ProofDone& done : content.proofs)
        context_.held.remove(done.claim.page_id);
}

void Claimer::let_go(const std::vector<ledger::Setback>& setbacks) {
    for (const ledger::Setback& setback : setbacks) {
        if (options_.hints != nullptr && setback.kind == ledger::Setback::Kind::returned)
            options_.hints->given_back(setback.claim.page_id);
        context_.held.remove(setback.claim.page_id);
    }
}

bool Claimer::claims_by_hints() const {
    return options_.hints != nullptr &&
           !hints_dried_up(
               {.now = context_.clock.now(), .last = last_hint_, .waiting = options_.hints->waiting()});
}

void Claimer::note_claimed(const std::vector<HintedPage>& hints, const std::vector<ledger::Claim>& claims) {
    std::map<ledger::Place, std::int64_t> leased;
    for (const ledger::Claim& claim : claims)
        leased[{.slice_id = claim.slice_id, .no = claim.no}] = claim.page_id;
    if (!hints.empty() && !claims.empty()) last_hint_ = context_.clock.now();
    for (const HintedPage& hint : hints) {
        // Of two hints of one page the second is stale.
        const auto page = leased.extract(hint.page);
        if (page.empty())
            options_.hints->stale(hint.tag);
        else
            options_.hints->claimed(page.mapped(), hint.tag);
    }
}

bool Claimer::claim_ahead() {
    if (options_.ahead == 0) return true;
    const bool told = options_.hints != nullptr && options_.hints->waiting() > 0;
    if (idle_since_ && pending_ == 0 && !told) return false;
    const MonoTime now = context_.clock.now();
    const std::size_t held = context_.held.size();
    alone_ = alone_ && held > 0;
    const bool by_hints = claims_by_hints();
    const ClaimStep step = next_claim({.now = now,
                                       .held = held,
                                       .queued = turns_.several() ? turns_.queued() : jobs_.size(),
                                       .ahead = options_.ahead,
                                       .hands = options_.hands,
                                       .alone = alone_,
                                       .source = health_.state(now),
                                       .next_probe = health_.next_probe_at(now),
                                       .commits = context_.tallies.commits_that_plan,
                                       .dry = by_hints ? std::nullopt : dry_});
    if (std::holds_alternative<Enough>(step)) return true;
    const bool probe = std::holds_alternative<ClaimProbe>(step);
    const ClaimDue due = probe ? ClaimDue{.room = 1, .may_be_alone = true} : std::get<ClaimDue>(step);
    const bool hinted = by_hints && !probe;
    const std::vector<HintedPage> hints =
        hinted ? options_.hints->take(static_cast<std::size_t>(due.room)) : std::vector<HintedPage>{};
    // Whoever has work in hand need not look again before a hint comes, which wakes us.
    if (hinted && hints.empty()) return held > 0;
    std::vector<ledger::Claim> claims;
    std::optional<bool> in_turns;  // whether some stream was filled
    MonoTime asked = now;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (claim_in_doubt_) ledger::give_back_unknown(connection, context_.scope, context_.held.ids());
        claim_in_doubt_ = true;
        asked = context_.clock.now();
        in_turns.reset();
        if (!hinted && !probe && turns_.several()) {
            Turns::Claimed claimed = turns_.claim(connection);
            claims = std::move(claimed.claims);
            in_turns = claimed.filled;
        }
        if (hinted)
            claims = ledger::claim_hinted(connection, context_.scope, pages_of(hints));
        else if (!in_turns || (claims.empty() && due.may_be_alone))
            claims = ledger::claim(connection, context_.scope, due.room, due.may_be_alone,
                                   probe ? ledger::Due::whenever : ledger::Due::now, claimed_to_);
        claim_in_doubt_ = false;
    });
    if (!claims.empty()) idle_since_.reset();
    if (!claims.empty()) fault_point("after_claim");
    note_claimed(hints, claims);
    const ledger::Place last =
        claims.empty() ? ledger::Place{} : ledger::Place{claims.back().slice_id, claims.back().no};
    for (ledger::Claim& claim : claims) {
        alone_ = alone_ || claim.alone;
        context_.held.add(claim.page_id, asked);
        if (context_.tracer != nullptr)
            context_.tracer->slice_claimed(claim.slice_id, claim.slice_key, claim.stream);
        // Refused only when the stop began: settling gives the lease back.
        jobs_.push(std::move(claim), context_.stop.no_new_work_token());
    }
    if (hinted) return held + claims.size() > 0;
    if (in_turns) return *in_turns;
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
    polled_finishing_ = context_.tallies.commits_that_finish;
    session_.run(context_.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        state = ledger::poll(connection, context_.scope, context_.policies,
                             [&] { return context_.clock.now().time_since_epoch(); });
    });
    for (const ledger::SliceNews& news : state.news)
        tell_of(context_.tracer, news.slice_key, news.pass, news.became, news.why);
    const MonoTime now = context_.clock.now();
    if (options_.limiter != nullptr) options_.limiter->heard_pause(shared_pause(state.pause), now);
    last_poll_ = {.ended = now, .took = state.asking, .more_due = state.more_due};
    context_.tallies.polled(last_poll_.took);
    claimed_to_ = {};  // pages that are pending again stand before it
    turns_.begin_anew();
    next_due_ = state.next_due;
    // It sends nothing, so it need not hear of pauses meanwhile: before it claims again it does.
    const bool nothing_here = context_.held.size() == 0 && outbox_.empty();
    const bool is_idle =
        nothing_here && state.other_workers > 0 && state.pages_pending + state.pages_leased > 0;
    idle_since_ = is_idle ? std::optional(idle_since_.value_or(now)) : std::nullopt;
    if (is_idle && pending_ == 0 && state.pages_pending > 0) context_.wake.set();  // to claim
    pending_ = state.pages_pending;
    options_.on_state(state);
    const Polled polled{.state = state, .nothing_here = nothing_here, .now = now};
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
    if (std::holds_alternative<GoOn>(step) && may_leave(nothing_since_, polled, options_.leave_when_idle))
        context_.stop.no_new_work(
            StopCause::idle,
            "no page came for " +
                duration_text(std::chrono::duration_cast<Millis>(*options_.leave_when_idle)) +
                " (queue.idle): the others finish the run");
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
    let_go(returned);
}

LookView Claimer::look_view(bool filled) const {
    const MonoTime now = context_.clock.now();
    return {.now = now,
            .filled = filled,
            .next_reap = next_reap_,
            .next_hearing = shares_pauses() ? options_.limiter->need().at : MonoTime::max(),
            .last_poll = last_poll_,
            .wants_poll = wants_poll_,
            .source = health_.state(now),
            .next_due = next_due_,
            .dry = dry_,
            .idle_since = idle_since_};
}

}  // namespace pagehaul::engine
