#include "engine/crew.h"

#include <algorithm>
#include <utility>

#include "engine/own_backends.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

// src/engine/README.md, "Stop": fetch workers are joined within 1 s of the cancel, writers flush for 5 s
// beyond the drain.
constexpr std::chrono::seconds kCancelLimit{1};
// A starved machine may need longer to schedule a hundred threads once more: only then is it taken for a bug.
constexpr std::chrono::seconds kGiveUp{5};
constexpr std::chrono::seconds kFlushLimit{5};

}  // namespace

Crew::Crew(Context& context, const machine::Sizing& sizing, CrewParts parts)
    : context_(context),
      sizing_(sizing),
      parts_(std::move(parts)),
      jobs_(static_cast<std::size_t>(std::max(2, sizing.job_queue))),
      pages_(context.clock),
      outbox_(context.wake),
      changed_(context.clock),
      claimer_("claimer", context.stop, context.clock),
      workers_("fetch worker", context.stop, context.clock),
      writers_("writer", context.stop, context.clock) {}

SessionOptions Crew::session_for(std::string role) const {
    return {.connect = parts_.connect, .role = std::move(role), .patience = context_.config.run.patience};
}

void Crew::start() {
    for (Roster* roster : {&claimer_, &workers_, &writers_})
        roster->on_end([this] { changed_.set(); });
    const config::Timeout& timeout = context_.config.source.timeout;
    claimer_.start([this, timeout] {
        Claimer claimer(
            context_, jobs_, outbox_, parts_.gate.health(), session_for("claimer"),
            {.ahead = static_cast<int>(jobs_.capacity()),
             // Queue, request, buffer, commit: each at most about one job's limit, and a commit's statements.
             .max_lease = 4 * timeout.job + Millis{120'000},
             .may_judge_time = [this] { return parts_.heartbeat.may_judge_time(); },
             .on_state = parts_.on_state});
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
    for (int i = 0; i < sizing_.writers; ++i) {
        writers_.start([this, i] {
            Committer committer(context_, parts_.upsert, session_for("writer " + std::to_string(i + 1)));
            const BatchLimits limits{
                .max_pages = 50, .max_bytes = sizing_.batch_bytes, .max_age = Millis{100}};
            while (true) {
                std::vector<FetchedPage> batch = pages_.take_batch(limits, flush_over_.get_token());
                if (batch.empty()) return;
                committer.commit(std::move(batch), flush_over_.get_token());
            }
        });
    }
}

bool Crew::work(Deadline deadline) {
    const std::stop_callback on_stop(context_.stop.no_new_work_token(), [this] { changed_.set(); });
    const std::stop_callback on_cancel(context_.stop.cancel_token(), [this] { changed_.set(); });
    try {
        start();
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
    jobs_.close();
    parts_.gate.asking().close();
    while (!workers_.all_ended() && !context_.stop.cancel_token().stop_requested() &&
           context_.clock.now() < drain_end) {
        changed_.wait_until(drain_end, {});
    }
    // Phase 2.
    if (!workers_.all_ended()) context_.stop.cancel(StopCause::none, "");
    if (!workers_.wait_ended(context_.clock.now() + kGiveUp)) {
        log::error("fetch workers did not end after the cancel", {});
        return false;
    }
    workers_.join();
    // Phase 3.
    pages_.close();
    workers_joined_.request_stop();
    const MonoTime flush_end = std::max(context_.clock.now(), drain_end) + kFlushLimit;
    const bool flushed = writers_.wait_ended(flush_end) && claimer_.wait_ended(flush_end);
    flush_over_.request_stop();
    context_.stop.cancel(StopCause::none, "");
    if (!flushed && !end_backends_and_join()) return false;
    writers_.join();
    claimer_.join();
    return true;
}

bool Crew::end_backends_and_join() {
    // A statement that waits in the server ends when its backend does; a link that is silently dead does not.
    log::warn("the database did not answer in time, ending our own backends", {});
    end_own_backends(parts_.connect);
    const MonoTime until = context_.clock.now() + kCancelLimit;
    return writers_.wait_ended(until) && claimer_.wait_ended(until);
}

}  // namespace pagehaul::engine
