#include "core/stop.h"

#include <utility>

namespace pagehaul {

void StopControl::note(StopCause cause, std::string reason) {
    const std::lock_guard lock(mutex_);
    if (cause_ != StopCause::none) return;
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
    const std::lock_guard lock(mutex_);
    return cause_;
}

std::string StopControl::reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
}

}  // namespace pagehaul
