#include "engine/crew.h"

#include <algorithm>
#include <utility>

#include "engine/claim_policy.h"
#include "engine/own_backends.h"
#include "log/log.h"
#include "queue/open.h"

namespace pagehaul::engine {
namespace {

// src/engine/README.md, "Stop": fetch workers are joined within 1 s of the cancel, writers flush for 5 s
// beyond the drain.
constexpr std::chrono::seconds kCancelLimit{1};
// A starved machine may need longer to schedule a hundred threads once more: only then is it taken for a bug.
constexpr std::chrono::seconds kGiveUp{5};
constexpr std::chrono::seconds kFlushLimit{5};
constexpr Millis kKeeperLimit{5'000};

}  // namespace

Crew::Crew(Context& context, const machine::Sizing& sizing, CrewParts parts)
    : context_(context),
      sizing_(sizing),
      parts_(std::move(parts)),
      jobs_(static_cast<std::size_t>(std::max(2, sizing.job_queue))),
      pages_(context.clock),
      outbox_(context.wake),
      hints_(context.wake),
      changed_(context.clock),
      keepers_("keeper", context.stop, context.clock),
      claimer_("claimer", context.stop, context.clock),
      workers_("fetch worker", context.stop, context.clock),
      writers_("writer", context.stop, context.clock) {
    prepare_carrying();
    http::RateLimiter& limiter = parts_.gate.limiter();
    if (!limiter.is_leased()) return;
    SessionOptions options = session_for("rate keeper");
    // Nobody sends until it is answered: a link that is dead is soon given up for another one.
    options.connect.statement_timeout_ms = kKeeperLimit.count();
    options.connect.answer_grace_ms = kKeeperLimit.count();
    keeper_.emplace(context, limiter, std::move(options));
}

SessionOptions Crew::session_for(std::string role) const {
    return {.connect = parts_.connect, .role = std::move(role), .patience = context_.config.run.patience};
}

void Crew::prepare_carrying() {
    const config::Queue& queue = context_.config.queue;
    if (!queue::is_brokered(queue)) return;
    const std::size_t per_message = queue::pages_per_message(queue);
    publishing_ = std::make_unique<Publishing>(
        context_, session_for("publisher"), queue::open_publisher(queue, context_.clock),
        HintLimits{.ahead = queue::ahead(queue), .per_message = per_message}, parts_.part == Part::tell);
    if (!pulls(parts_.part)) return;
    // As many pages as there are hands: what is claimed ahead of need, and what is on its way. Each worker
    // may have the last page of a message.
    const auto workers = static_cast<std::size_t>(sizing_.fetch_workers);
    const Prefetch prefetch{.pages = jobs_.capacity() + workers, .per_message = per_message};
    const std::size_t messages = (jobs_.capacity() + per_message - 1) / per_message + workers;
    hint_keeper_ =
        std::make_unique<HintKeeper>(context_, hints_,
                                     parts_.relay ? queue::open_relay(*parts_.relay, context_.clock)
                                                  : queue::open_consumer(queue, messages, context_.clock),
                                     queue::open_publisher(queue, context_.clock), prefetch);
    context_.held.on_work_done([this](std::int64_t page_id) { hints_.over(page_id); });
}

void Crew::prepare_publisher(Deadline deadline) {
    if (!context_.policies.any_publishes() || !pulls(parts_.part)) return;
    SessionOptions options = session_for("publisher of slices");
    // The target's triggers run on this connection too.
    options.connect.catalog_only = false;
    publisher_ = std::make_unique<SlicePublisher>(context_, parts_.targets, std::move(options), deadline);
    keepers_.start([this] { publisher_->work(asked_all_.get_token()); });
}

void Crew::start(Deadline deadline) {
    for (Roster* roster : {&keepers_, &claimer_, &workers_, &writers_})
        roster->on_end([this] { changed_.set(); });
    if (!publishing_ && parts_.part == Part::tell)
        context_.stop.no_new_work(StopCause::idle, "the run is planned: workers pull its pages");
    if (publishing_) keepers_.start([this] { publishing_->work(asked_all_.get_token()); });
    if (hint_keeper_)
        keepers_.start([this] { hint_keeper_->work(asked_all_.get_token(), hints_over_.get_token()); });
    if (keeper_) keepers_.start([this] { keeper_->work(asked_all_.get_token()); });
    prepare_publisher(deadline);
    const config::Timeout& timeout = context_.config.source.timeout;
    claimer_.start([this, timeout] {
        Claimer claimer(
            context_, jobs_, outbox_, parts_.gate.health(), session_for("claimer"),
            {.ahead = pulls(parts_.part) ? static_cast<int>(jobs_.capacity()) : 0,
             .hands = context_.policies.any_linked()
                          ? std::optional(static_cast<std::size_t>(sizing_.fetch_workers))
                          : std::nullopt,
             // Queue, request, buffer, commit: each at most about one job's limit, and a commit's statements.
             .max_lease = 4 * timeout.job + Millis{120'000},
             .limiter = &parts_.gate.limiter(),
             .hints = hint_keeper_ ? &hints_ : nullptr,
             .leave_when_idle = parts_.part == Part::help
                                    ? std::optional(helper_patience(queue::idle(context_.config.queue),
                                                                    hint_keeper_ != nullptr))
                                    : std::nullopt,
             .may_judge_time = [this] { return parts_.heartbeat.may_judge_time(); },
             .on_state =
                 [this](const ledger::RunState& state) {
                     parts_.on_state(state);
                     if (publishing_ && state.pages_pending > 0) publishing_->look_soon();
                 },
             .on_planned =
                 [this] {
                     if (publishing_) publishing_->look_soon();
                 },
             .prove_elsewhere =
                 publisher_ ? [this](std::vector<ProofDone> proofs) { publisher_->put(std::move(proofs)); }
                            : std::function<void(std::vector<ProofDone>)>()});
        claimer.adopt(std::move(parts_.claimer));
        claimer.work(workers_joined_.get_token());
        parts_.claimer = claimer.release();
    });
    const std::size_t refill_below = jobs_.capacity() / 2 + 1;
    for (int i = 0; i < sizing_.fetch_workers; ++i) {
        workers_.start([this, refill_below] {
            FetchWorker(context_, parts_.gate, jobs_, pages_, outbox_, refill_below).work();
        });
    }
    for (int i = 0; i < sizing_.writers; ++i)
        writers_.start([this, i] { write("writer " + std::to_string(i + 1)); });
}

void Crew::write(const std::string& role) {
    SessionOptions options = session_for(role);
    // The target's triggers run on this connection, and may count on the role's search_path.
    options.connect.catalog_only = false;
    Committer committer(context_, parts_.targets, std::move(options));
    const std::stop_token flush_over = flush_over_.get_token();
    // Before it takes a batch: one that gets no connection leaves the pages to those that have one.
    if (const auto refused = committer.open(flush_over, [this] { return writers_connected_ > 0; })) {
        if (!fewer_writers_told_.exchange(true))
            log::warn("no connection for a writer, going on with fewer",
                      {{"cause", refused->error().text() +
                                     " (lower run.writers, or let the role have more connections)"}});
        return;
    }
    ++writers_connected_;
    const BatchLimits limits{.max_pages = 50, .max_bytes = sizing_.batch_bytes, .max_age = Millis{100}};
    while (true) {
        std::vector<FetchedPage> batch = pages_.take_batch(limits, flush_over);
        if (batch.empty()) return;
        // What has gathered behind the pages of chains goes to whoever is free; once no more pages come, and
        // the buffer takes none, it is ours.
        while (!batch.empty()) {
            std::vector<FetchedPage> gathered = committer.commit(std::move(batch), flush_over);
            std::erase_if(gathered, [this](FetchedPage& page) { return pages_.push(std::move(page)); });
            batch = std::move(gathered);
        }
    }
}

bool Crew::work(Deadline deadline) {
    const std::stop_callback on_stop(context_.stop.no_new_work_token(), [this] { changed_.set(); });
    const std::stop_callback on_sigterm(parts_.grace.begun_token(), [this] { changed_.set(); });
    const std::stop_callback on_cancel(context_.stop.cancel_token(), [this] { changed_.set(); });
    try {
        start(deadline);
    } catch (const std::exception& error) {
        // A part of the crew stops like a whole one.
        context_.stop.no_new_work(StopCause::bug, std::string("could not start a thread: ") + error.what());
    }
    wait_for_end(deadline);
    const MonoTime now = context_.clock.now();
    const bool deadline_stop = context_.stop.cause() == StopCause::deadline;
    return stop_in_phases(deadline_stop ? std::max(now, deadline.when()) : now + context_.config.run.drain);
}

void Crew::wait_for_end(Deadline deadline) {
    const MonoTime last_call =
        deadline.is_never() ? MonoTime::max() : deadline.when() - context_.config.run.drain;
    while (!claimer_.all_ended() && !context_.stop.no_new_work_token().stop_requested()) {
        if (context_.clock.now() >= last_call) {
            context_.stop.no_new_work(StopCause::deadline, "run.deadline is reached");
            return;
        }
        changed_.wait_until(last_call, {});
    }
}

bool Crew::stop_in_phases(MonoTime drain_end) {
    // Phase 1: nothing new; requests in flight go on. When the run is over there are none.
    asked_all_.request_stop();
    jobs_.close();
    parts_.gate.asking().close();
    // A SIGTERM may come while we drain for another cause.
    const auto drained_by = [&] {
        return std::min(drain_end, parts_.grace.end_of_drain(context_.config.run.drain));
    };
    while (!workers_.all_ended() && !context_.stop.cancel_token().stop_requested() &&
           context_.clock.now() < drained_by()) {
        changed_.wait_until(drained_by(), {});
    }
    // Phase 2.
    if (!workers_.all_ended()) context_.stop.cancel(StopCause::none, "");
    if (!workers_.wait_ended(context_.clock.now() + parts_.grace.within(StopPart::flush, kGiveUp))) {
        log::error("fetch workers did not end after the cancel", {});
        return false;
    }
    workers_.join();
    // Phase 3.
    pages_.close();
    workers_joined_.request_stop();
    const MonoTime now = context_.clock.now();
    const MonoTime flush_end =
        now + parts_.grace.within(StopPart::flush, std::max(now, drain_end) + kFlushLimit - now);
    bool flushed = writers_.wait_ended(flush_end) && claimer_.wait_ended(flush_end);
    hints_over_.request_stop();
    flushed = keepers_.wait_ended(flush_end) && flushed;
    flush_over_.request_stop();
    context_.stop.cancel(StopCause::none, "");
    if (!flushed && !end_backends_and_join()) return false;
    writers_.join();
    claimer_.join();
    keepers_.join();
    return true;
}

bool Crew::end_backends_and_join() {
    // A statement that waits in the server ends when its backend does; a link that is silently dead does not.
    log::warn("the database did not answer in time, ending our own backends", {});
    end_own_backends(parts_.connect);
    const MonoTime until = context_.clock.now() + parts_.grace.within(StopPart::settle, kCancelLimit);
    return writers_.wait_ended(until) && claimer_.wait_ended(until) && keepers_.wait_ended(until);
}

}  // namespace pagehaul::engine
