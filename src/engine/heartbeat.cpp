#include "engine/heartbeat.h"

#include <algorithm>
#include <utility>

#include "ledger/run_state.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

MonoTime::rep ticks(MonoTime time) {
    return time.time_since_epoch().count();
}

/// Of what another process of the run told (Claimer::work).
StopCause told_cause(std::string_view reason) {
    if (reason.starts_with("credential")) return StopCause::credential;
    if (reason.starts_with("config")) return StopCause::config;
    return StopCause::lost;
}

}  // namespace

Heartbeat::Heartbeat(Context& context, postgres::ConnectOptions reconnect,
                     std::unique_ptr<postgres::Connection> connection)
    : context_(context), reconnect_(std::move(reconnect)), connection_(std::move(connection)) {
    const MonoTime now = context_.clock.now();
    steady_since_ = ticks(now);
    last_beat_ = ticks(now);
    context_.held.beaten(now, now, context_.scope.stale, false);
    context_.refusal.carried();
    thread_ = std::jthread([this](std::stop_token stop) { loop(std::move(stop)); });
}

Heartbeat::~Heartbeat() {
    stop();
}

std::unique_ptr<postgres::Connection> Heartbeat::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return std::move(connection_);
}

bool Heartbeat::may_judge_time() const {
    const MonoTime::rep since = steady_since_;
    if (since == 0) return false;
    const MonoTime::rep now = ticks(context_.clock.now());
    const auto stale = std::chrono::duration_cast<MonoTime::duration>(context_.scope.stale).count();
    // A beat that is overdue right now is an interruption too, though the loop has not seen it yet.
    const auto gap =
        2 * std::chrono::duration_cast<MonoTime::duration>(context_.config.run.heartbeat).count();
    return now - since >= stale && now - last_beat_ <= gap;
}

bool Heartbeat::beat_once() {
    try {
        const bool new_link = connection_ == nullptr || !connection_->is_open();
        if (new_link) {
            connection_ = std::make_unique<postgres::Connection>(reconnect_);
        }
        const MonoTime sent = context_.clock.now();
        ledger::WorkerFigures figures = context_.tallies.figures();
        figures.credential_refused = context_.refusal.is_said();
        const ledger::Beat beat = ledger::beat(*connection_, context_.scope, figures);
        context_.refusal.heard(figures.credential_refused,
                               {.all = beat.others, .refused = beat.others_refused});
        context_.held.beaten(sent, context_.clock.now(), context_.scope.stale, new_link);
        if (beat.status == ledger::RunStatus::superseded || !beat.lock_is_ours) {
            context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
        } else if (beat.status == ledger::RunStatus::running && beat.stop_is_ours_to_obey &&
                   !beat.stop_reason.empty()) {
            context_.stop.no_new_work(told_cause(beat.stop_reason), beat.stop_reason);
        }
        return true;
    } catch (const Failure& failure) {
        log::warn("heartbeat failed", {{"cause", failure.error().text()}});
        connection_.reset();
        return false;
    }
}

void Heartbeat::loop(std::stop_token stop) {
    const Nanos interval = context_.config.run.heartbeat;
    MonoTime next = context_.clock.now() + interval;
    while (true) {
        context_.beat_soon.wait_until(next, stop);
        if (stop.stop_requested()) return;
        const MonoTime before = context_.clock.now();
        const MonoTime last{MonoTime::duration(last_beat_.load())};
        if (before - last > 2 * interval) steady_since_ = 0;
        const bool well = beat_once();
        const MonoTime now = context_.clock.now();
        if (well) {
            if (steady_since_ == 0) steady_since_ = ticks(now);
            last_beat_ = ticks(now);
            next = before + interval;
        } else {
            steady_since_ = 0;
            next = now + std::min<Nanos>(interval, std::chrono::seconds(1));
        }
    }
}

}  // namespace pagehaul::engine
