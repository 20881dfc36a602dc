#include "engine/run.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "core/fault.h"
#include "core/mutex.h"
#include "engine/carry/leftovers.h"
#include "engine/crew.h"
#include "engine/fetch/source_kit.h"
#include "engine/settling.h"
#include "engine/shared/busy_policy.h"
#include "engine/shared/connecting.h"
#include "engine/shared/plaintext.h"
#include "engine/start_up.h"
#include "engine/tell/run_metrics.h"
#include "engine/tell/run_trace.h"
#include "engine/tell/summary.h"
#include "ledger/run_state.h"
#include "log/log.h"
#include "machine/sizing.h"
#include "telemetry/progress.h"

namespace pagehaul::engine {
namespace {

/// The last picture of the run that the claimer saw. Thread-safe.
class Latest {
  public:
    void set(const ledger::RunState& state) {
        const MutexLock lock(mutex_);
        state_ = state;
        known_ = true;
    }
    std::optional<ledger::RunState> get() const {
        const MutexLock lock(mutex_);
        return known_ ? std::optional(state_) : std::nullopt;
    }

  private:
    mutable Mutex mutex_;
    ledger::RunState state_ PAGEHAUL_GUARDED_BY(mutex_);
    bool known_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

/// How a process ends that got no run. What succeeded before is told as it ended then, as long as no newer
/// run has spoken: the process that finished it may have died before its last push.
/// `pushes`: there is somebody to tell.
Ending ending_without_work(const Context& context, const ledger::StartOutcome& outcome, const RunEnded& ended,
                           bool pushes, Latest& latest) {
    if (std::holds_alternative<ledger::Differs>(outcome)) return ended;
    if (!pushes || !std::holds_alternative<ledger::AlreadySucceeded>(outcome)) return NothingEnded{};
    const auto past = recall(context);
    if (!past || !past->run.is_newest) return NothingEnded{};
    latest.set(past->state);
    return RunEnded{.at = WallTime(std::chrono::seconds(past->run.finished_at)),
                    .took = {},
                    .exit = ended.exit,
                    .nothing_due = ended.nothing_due};
}

/// What needs no pulling: the run succeeded already, another one holds the lock, the config is not the key's.
Verdict verdict_without_work(IfBusy if_busy, StopCause cause, const ledger::StartOutcome& outcome) {
    if (const auto* done = std::get_if<ledger::AlreadySucceeded>(&outcome)) {
        if (done->nothing_due) return nothing_due();
        return {ExitCode::ok, "succeeded",
                "run " + std::to_string(done->run) + " of this key has succeeded already"};
    }
    if (const auto* idle = std::get_if<ledger::NothingToHelp>(&outcome)) return nothing_to_help(idle->why);
    if (std::holds_alternative<ledger::NothingToRetry>(outcome)) {
        return {ExitCode::ok, "succeeded", "nothing to retry: no failed slices and no quarantined rows"};
    }
    if (const auto* unfinished = std::get_if<ledger::Unfinished>(&outcome)) {
        return {ExitCode::incomplete, "incomplete",
                "run " + std::to_string(unfinished->run) + " is unfinished: `pagehaul run` resumes it"};
    }
    if (const auto* busy = std::get_if<ledger::Busy>(&outcome)) {
        return engine::busy(if_busy, cause, holder_text(*busy));
    }
    const auto& differs = std::get<ledger::Differs>(outcome);
    std::string text = "run " + std::to_string(differs.run) + " of this key was started with another config:";
    for (const std::string& line : differs.lines)
        text += "\n  " + line;
    return {ExitCode::config, "failed", text};
}

/// What is left of a process's links when its threads have ended.
struct Links {
    std::unique_ptr<postgres::Connection> settle;        ///< what Crew::take_connection gave, or null
    std::unique_ptr<postgres::Connection> sign_of_life;  ///< what Heartbeat::stop gave
};

/// What the run has to say of itself, on whichever way it ends: to the ledger, the log, Kubernetes, the
/// gateway and the collectors. Owned by `run`; used by its thread alone, apart from `latest` and
/// `leave_at_once`.
class Telling {
  public:
    Telling(Context& context, const RunOptions& options, const Grace& grace)
        : context_(context), options_(options), grace_(grace) {}

    /// Traces from here on, and metrics once the pushers are started.
    void begin_trace() {
        if (options_.traces) tracer_ = tracer_for(context_, *options_.traces);
        context_.tracer = tracer_.get();
    }
    void prepare_push() {
        add_ways(pushers_, context_.config, options_.metrics, context_.metrics, context_.clock,
                 [this] { return leads_ ? telemetry::Whose::all : telemetry::Whose::run; });
    }
    /// A poll's picture. Of the processes of a run the eldest pushes while it goes on.
    void seen(const ledger::RunState& state) {
        latest.set(state);
        if (state.status != ledger::RunStatus::running) return;
        leads_ = state.is_eldest;
        pushers_.lead(state.is_eldest);
    }
    void run_started() {
        run_ = context_.scope.run;
        pushers_.start();
        log::set_context("run", context_.scope.run);
        if (tracer_)
            tracer_->describe_run(
                {{"pagehaul.run", context_.scope.run}, {"pagehaul.worker", context_.scope.worker}});
    }

    Verdict tell(const Verdict& verdict, const Ending& ending) {
        const Nanos took = context_.clock.now() - began_;
        const std::optional<ledger::RunState> known = latest.get();
        const ledger::RunState state = known.value_or(ledger::RunState{});
        // Before the last push: a gateway that stalls must not hold up who waits for the verdict.
        log_summary(context_, verdict, state, took);
        write_termination_log(options_.termination_log,
                              termination_message(verdict, context_.config.pipeline, context_.scope.run,
                                                  state, std::chrono::duration_cast<Millis>(took)));
        told_ = static_cast<int>(verdict.code);
        if (known) publish_state(context_.metrics, *known, context_.policies);
        publish_ending(context_.metrics, ending);
        // Both at once: the spans leave in the tracer's own thread while the push blocks.
        if (tracer_) end_trace(*tracer_, context_, verdict, grace_);
        if (std::holds_alternative<RunEnded>(ending))
            pushers_.finish(grace_.within(StopPart::push, telemetry::kPushLimit));
        if (tracer_) tracer_->finish();
        return verdict;
    }
    /// From another thread, when the grace is over: with the verdict that was told, or to be resumed.
    [[noreturn]] void leave_at_once() {
        log::error("exiting before all is settled: the grace is over", {});
        const int told = told_;
        if (told < 0) {
            const Verdict verdict{ExitCode::terminated, "stopped",
                                  "SIGTERM; its grace was over before all was settled; resumable"};
            const auto took = std::chrono::duration_cast<Millis>(context_.clock.now() - began_);
            write_termination_log(options_.termination_log,
                                  termination_message(verdict, context_.config.pipeline, run_,
                                                      latest.get().value_or(ledger::RunState{}), took));
        }
        std::_Exit(told < 0 ? static_cast<int>(ExitCode::terminated) : told);
    }
    /// A failure that left nothing to settle.
    Verdict fail_early(StopCause cause, const std::string& why) {
        const Verdict verdict = judge_run(cause, why, latest.get().value_or(ledger::RunState{}));
        return tell(verdict, ended_now(verdict));
    }
    /// Of a process that got no run.
    Verdict without_work(const ledger::StartOutcome& outcome) {
        const Verdict verdict = verdict_without_work(options_.if_busy, context_.stop.cause(), outcome);
        return tell(verdict,
                    ending_without_work(context_, outcome, ended_now(verdict), !pushers_.empty(), latest));
    }
    /// Settles first.
    Verdict conclude(Links links) {
        fault_point("before_settle");
        const Millis statement = std::chrono::ceil<Millis>(grace_.within(StopPart::settle, kBriefStatement));
        const auto connection =
            connection_to_settle(context_, latest.get(), std::move(links.settle), statement);
        if (auto state = settle(context_, latest.get(), connection.get())) latest.set(*state);
        links.sign_of_life.reset();
        const ledger::RunState state = latest.get().value_or(ledger::RunState{});
        Verdict verdict = judge_run(context_.stop.cause(), context_.stop.reason(), state);
        tell(verdict, context_.stop.cause() == StopCause::idle
                          ? Ending{ProcessEnded{}}
                          : ending_of(ended_now(verdict), state.other_workers));
        if (verdict.code == ExitCode::ok && connection != nullptr) prune_old_runs(context_, *connection);
        return verdict;
    }

    Latest latest;

  private:
    RunEnded ended_now(const Verdict& verdict) const {
        return {.at = context_.clock.wall_now(),
                .took = context_.clock.now() - began_,
                .exit = verdict.code,
                .nothing_due = verdict.nothing_due};
    }

    Context& context_;
    const RunOptions& options_;
    const Grace& grace_;
    const MonoTime began_ = context_.clock.now();
    std::atomic<bool> leads_ = true;     // also where no poll could tell
    std::atomic<int> told_ = -1;         // the exit code, once the verdict is told
    std::atomic<std::int64_t> run_ = 0;  // context_.scope's, for another thread
    telemetry::Pushers pushers_;
    std::unique_ptr<telemetry::Tracer> tracer_;
};

/// Pulls until the run is over or stopped; every thread has ended when it returns. Should one not end, it
/// concludes and exits the process.
Links pull(Context& context, const machine::Sizing& sizing, const RunOptions& options, StartedUp started,
           Deadline deadline, const Grace& grace, Telling& telling) {
    const auto& begun = std::get<ledger::Started>(started.outcome);
    const postgres::ConnectOptions connect = connect_options(context.config, context.scope.worker);
    if (!pulls(options.part)) {
        // It asks the source nothing, so that no worker may count on its credential being a good one.
        context.refusal.say(true);
        context.beat_soon.set();
    }
    Heartbeat heartbeat(context, connect, std::move(started.heartbeat));

    SourceKit source(context, sizing, http::Share::leased);
    SourceGate& gate = source.gate();
    // How many the others are the first poll tells; until then a single request of one more harms nobody.
    if (begun.kind == ledger::Started::Kind::joined) gate.share_among(sizing.in_flight_start);
    const Targets targets(context.config.streams, context.scope, started.row_triggers);

    Crew crew(context, sizing,
              {.gate = gate,
               .targets = targets,
               .heartbeat = heartbeat,
               .grace = grace,
               .connect = connect,
               .claimer = std::move(started.claimer),
               .on_state =
                   [&](const ledger::RunState& state) {
                       telling.seen(state);
                       gate.share_among(state.other_workers + 1);
                       publish_state(context.metrics, state, context.policies);
                       context.metrics.set_in_flight(gate.in_flight(), gate.in_flight_limit());
                       context.tallies.in_flight = gate.in_flight();
                       context.tallies.in_flight_limit = gate.in_flight_limit();
                       context.metrics.set_queue_depth(crew.queued());
                       context.metrics.set_buffer_bytes(source.budget().used());
                   },
               .part = options.part,
               .relay = options.relay});
    telemetry::Progress progress(
        [&] {
            return progress_snapshot(telling.latest.get(), context.tallies, begun.pages_done,
                                     gate.in_flight(), gate.in_flight_limit(),
                                     context.stop.no_new_work_token().stop_requested(),
                                     context.policies.any_linked());
        },
        context.clock, options.terminal);
    progress.start();
    const bool all_ended = crew.work(deadline);
    progress.stop();
    if (!all_ended) {
        // Some thread still uses what lives here, the heartbeat's perhaps, on a link that is silently dead;
        // the ledger makes leaving as good as dying.
        log::error("exiting without waiting for a thread that does not end", {});
        const Verdict verdict = telling.conclude({});
        std::_Exit(static_cast<int>(verdict.code));
    }
    auto sign_of_life = heartbeat.stop();
    return {.settle = crew.take_connection(), .sign_of_life = std::move(sign_of_life)};
}

/// Who pulls nothing needs nobody for it.
machine::Sizing sized(machine::Sizing sizing, Part part) {
    if (!pulls(part)) sizing.fetch_workers = sizing.writers = 0;
    return sizing;
}

/// run.deadline bounds the start as well: a database that is down, an index that takes long to build.
StartedUp start_within(Deadline deadline, Context& context, const RunOptions& options) {
    const std::jthread watch([&](const std::stop_token& over) {
        if (!deadline.is_never() &&
            context.clock.wait_until(deadline.when() - context.config.run.drain, over)) {
            context.stop.no_new_work(StopCause::deadline, "run.deadline is reached");
        }
    });
    return start_up(context, options);
}

}  // namespace

Verdict run(const config::Config& config, const RunOptions& options, StopControl& stop, const Clock& clock,
            Random& random) {
    const Deadline deadline =
        config.run.deadline ? Deadline::after(clock.now(), *config.run.deadline) : Deadline::never();
    telemetry::Metrics metrics(options.version);
    metrics.run_started(clock.wall_now());
    Context context{.config = config, .clock = clock, .random = random, .stop = stop, .metrics = metrics};
    const Grace endless(std::nullopt, clock);
    const Grace& grace = options.grace != nullptr ? *options.grace : endless;
    Telling telling(context, options, grace);
    const std::jthread last_resort = grace.before_its_end([&telling] { telling.leave_at_once(); });
    try {
        telling.begin_trace();
        const machine::MachineLimits limits = machine::read_limits(machine::system_probe());
        const machine::Sizing sizing =
            sized(machine::plan_workers(limits, config, options.share), options.part);
        log_start(context, options.version, sizing, limits);
        for (const std::string& line : plaintext_credentials(config, options.traces, options.metrics))
            log::warn("a credential goes in the clear", {{"cause", line}});
        log_short_grace(context, grace);
        publish_settings(metrics, config, sizing, limits);
        telling.prepare_push();
        StartedUp started = start_within(deadline, context, options);
        if (!std::holds_alternative<ledger::Started>(started.outcome)) {
            const auto* idle = std::get_if<ledger::NothingToHelp>(&started.outcome);
            if (idle != nullptr && !idle->another_config) clear_leftovers(context, options.relay);
            return telling.without_work(started.outcome);
        }
        telling.run_started();
        log_started(std::get<ledger::Started>(started.outcome));
        return telling.conclude(pull(context, sizing, options, std::move(started), deadline, grace, telling));
    } catch (const Failure& failure) {
        // A stop that began before the failure says why; what failed on the way out is its consequence.
        const StopCause failed = stop_cause_for(failure.error().kind);
        const StopCause cause = stop.cause() == StopCause::none || is_grave(failed) ? failed : stop.cause();
        return telling.fail_early(cause, failure.error().text());
    } catch (const std::exception& error) {
        return telling.fail_early(StopCause::bug, error.what());
    }
}

}  // namespace pagehaul::engine
