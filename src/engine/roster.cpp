#include "engine/roster.h"

#include "core/error.h"
#include "log/log.h"

namespace pagehaul::engine {

StopCause stop_cause_for(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::transient:
        case ErrorKind::throttled:
        case ErrorKind::in_doubt:
            return StopCause::unavailable;
        case ErrorKind::permanent:
        case ErrorKind::config:
            return StopCause::config;
        case ErrorKind::data:
            return StopCause::data;
        case ErrorKind::credential:
            return StopCause::credential;
        case ErrorKind::fenced:
            return StopCause::lost;
        case ErrorKind::cancelled:
            return StopCause::none;
        case ErrorKind::bug:
            return StopCause::bug;
    }
    return StopCause::bug;
}

void Roster::start(std::function<void()> work) {
    {
        const MutexLock lock(mutex_);
        ++running_;
    }
    try {
        threads_.emplace_back([this, work = std::move(work)] { run(work); });
    } catch (const std::exception&) {
        // No thread to be had (a pod's pids limit): nobody will count this one down.
        const MutexLock lock(mutex_);
        --running_;
        throw;
    }
}

void Roster::run(const std::function<void()>& work) {
    try {
        work();
    } catch (const Failure& failure) {
        const StopCause cause = stop_cause_for(failure.error().kind);
        if (cause == StopCause::lost) {
            stop_.cancel(cause, failure.error().text());
        } else if (cause != StopCause::none) {
            log::error("stopping", {{"error", name_ + ": " + failure.error().text()},
                                    {"kind", to_string(failure.error().kind)}});
            stop_.no_new_work(cause, failure.error().text());
        }
    } catch (const std::exception& error) {
        log::error("a bug: stopping", {{"error", name_ + ": " + error.what()}});
        stop_.no_new_work(StopCause::bug, name_ + ": " + error.what());
    }
    {
        const MutexLock lock(mutex_);
        --running_;
    }
    ended_.set();
    if (on_end_) on_end_();
}

bool Roster::wait_ended(MonoTime until) {
    while (!all_ended()) {
        if (clock_.now() >= until) return false;
        ended_.wait_until(until, {});
    }
    return true;
}

bool Roster::all_ended() const {
    const MutexLock lock(mutex_);
    return running_ == 0;
}

void Roster::join() {
    threads_.clear();
}

}  // namespace pagehaul::engine
