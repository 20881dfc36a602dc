#include "core/stop.h"

#include <utility>

namespace pagehaul {
namespace {

/// The order of exit codes (engine/tell/verdict.cpp): a bug, refused credentials or a bad config met while
/// stopping is worth more than what began the stop; of the others the first is kept.
int rank(StopCause cause) {
    switch (cause) {
        case StopCause::bug:
            return 4;
        case StopCause::credential:
            return 3;
        case StopCause::config:
            return 2;
        case StopCause::sigterm:
        case StopCause::sigint:
        case StopCause::deadline:
        case StopCause::lost:
        case StopCause::idle:
        case StopCause::data:
        case StopCause::unavailable:
            return 1;
        case StopCause::none:
            return 0;
    }
    return 0;
}

}  // namespace

bool is_grave(StopCause cause) {
    return rank(cause) > rank(StopCause::lost);
}

void StopControl::note(StopCause cause, std::string reason) {
    const MutexLock lock(mutex_);
    if (rank(cause) <= rank(cause_)) return;
    cause_ = cause;
    reason_ = std::move(reason);
}

void StopControl::no_new_work(StopCause cause, std::string reason) {
    note(cause, std::move(reason));
    no_new_work_.request_stop();
}

void StopControl::cancel(StopCause cause, std::string reason) {
    no_new_work(cause, std::move(reason));
    cancel_.request_stop();
}

StopCause StopControl::cause() const {
    const MutexLock lock(mutex_);
    return cause_;
}

std::string StopControl::reason() const {
    const MutexLock lock(mutex_);
    return reason_;
}

}  // namespace pagehaul
