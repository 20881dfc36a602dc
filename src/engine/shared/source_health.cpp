#include "engine/shared/source_health.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {

Nanos SourceHealth::silence() const {
    return std::min(options_.silence, options_.patience / 2);
}

SourceState SourceHealth::state_locked(MonoTime now) const {
    if (!failing_since_) return SourceState::up;
    const Nanos failing = now - *failing_since_;
    if (failing >= options_.patience) return SourceState::given_up;
    return failing >= silence() || asks_too_much_ ? SourceState::down : SourceState::up;
}

void SourceHealth::on_success(MonoTime now) {
    const MutexLock lock(mutex_);
    last_success_ = now;
    failing_since_.reset();
    failures_ = 0;
    throttles_ = false;
    last_cause_.clear();
    asks_too_much_ = false;
    probing_ = false;
    last_probe_.reset();
}

bool SourceHealth::on_failure(MonoTime now, std::string cause) {
    const MutexLock lock(mutex_);
    ++failures_;
    last_cause_ = std::move(cause);
    throttles_ = false;
    if (!failing_since_) failing_since_ = now;
    const bool others_succeed = last_success_ && now - *last_success_ < silence();
    return others_succeed && failures_ < options_.doubt_after;
}

void SourceHealth::on_throttled(MonoTime now, const http::Pause& pause, std::string cause) {
    const MutexLock lock(mutex_);
    last_cause_ = std::move(cause);
    throttles_ = true;
    asks_too_much_ = asks_too_much_ || pause.asked_too_much;
    if (!failing_since_) failing_since_ = pause.asked_too_much ? now : now + pause.span;
}

SourceState SourceHealth::state(MonoTime now) const {
    const MutexLock lock(mutex_);
    return state_locked(now);
}

std::optional<MonoTime> SourceHealth::failing_since() const {
    const MutexLock lock(mutex_);
    return failing_since_;
}

bool SourceHealth::throttles() const {
    const MutexLock lock(mutex_);
    return throttles_;
}

std::string SourceHealth::last_cause() const {
    const MutexLock lock(mutex_);
    return last_cause_;
}

bool SourceHealth::begin_probe(MonoTime now) {
    const MutexLock lock(mutex_);
    if (probing_ || state_locked(now) != SourceState::down) return false;
    if (last_probe_ && now - *last_probe_ < options_.probe_pause) return false;
    probing_ = true;
    return true;
}

void SourceHealth::on_probe_failure(MonoTime now, std::string cause) {
    const MutexLock lock(mutex_);
    probing_ = false;
    if (!cause.empty()) last_cause_ = std::move(cause);
    last_probe_ = now;
}

std::optional<MonoTime> SourceHealth::next_probe_at(MonoTime now) const {
    const MutexLock lock(mutex_);
    if (probing_ || state_locked(now) != SourceState::down) return std::nullopt;
    return last_probe_ ? std::max(now, *last_probe_ + options_.probe_pause) : now;
}

}  // namespace pagehaul::engine
