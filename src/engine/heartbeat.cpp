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

}  // namespace

Heartbeat::Heartbeat(Context& context, postgres::ConnectOptions reconnect,
                     std::unique_ptr<postgres::Connection> connection)
    : context_(context), reconnect_(std::move(reconnect)), connection_(std::move(connection)) {
    const MonoTime now = context_.clock.now();
    steady_since_ = ticks(now);
    last_beat_ = ticks(now);
    context_.held.beaten(now, now, context_.scope.stale, false);
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
        const ledger::Beat beat = ledger::beat(*connection_, context_.scope);
        context_.held.beaten(sent, context_.clock.now(), context_.scope.stale, new_link);
        if (beat.status == ledger::RunStatus::superseded || !beat.lock_is_ours) {
            context_.stop.cancel(StopCause::lost, "another run has taken over the pipeline");
        } else if (beat.status == ledger::RunStatus::running && beat.stop_is_ours_to_obey &&
                   !beat.stop_reason.empty()) {
            const bool credential = beat.stop_reason.starts_with("credential");
            context_.stop.no_new_work(credential ? StopCause::credential : StopCause::lost, beat.stop_reason);
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
    while (context_.clock.wait_until(next, stop)) {
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
