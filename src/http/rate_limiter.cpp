#include "http/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pagehaul::http {

TokenBucket::TokenBucket(double per_second, std::int64_t burst)
    : interval_(static_cast<std::int64_t>(std::ceil(1e9 / per_second))),
      tolerance_(interval_ * (std::max<std::int64_t>(burst, 1) - 1) + interval_ / 2) {}

MonoTime TokenBucket::reserve(MonoTime now) {
    const MonoTime oldest = now - tolerance_;
    returned_.erase(returned_.begin(), returned_.lower_bound(oldest));
    if (!returned_.empty()) {
        const MonoTime slot = *returned_.begin();
        returned_.erase(returned_.begin());
        return std::max(slot, now);
    }
    const MonoTime slot = std::max(due_, oldest);
    due_ = slot + interval_;
    return std::max(slot, now);
}

void TokenBucket::give_back(MonoTime slot) {
    if (slot + interval_ == due_) {
        due_ = slot;
    } else {
        returned_.insert(slot);
    }
}

bool TokenBucket::pause_until(MonoTime until) {
    if (until <= paused_) return false;
    paused_ = until;
    due_ = until;
    returned_.clear();
    return true;
}

RateLimiter::RateLimiter(const config::Limits& limits, const Clock& clock) : clock_(clock) {
    if (limits.rate) bucket_.emplace(limits.rate->per_second, limits.burst);
}

bool RateLimiter::acquire(std::stop_token stop) {
    while (!stop.stop_requested()) {
        MutexLock lock(mutex_);
        const MonoTime now = clock_.now();
        const MonoTime slot = bucket_ ? bucket_->reserve(now) : std::max(now, paused_);
        const std::uint64_t generation = generation_;
        lock.unlock();
        if (slot <= now) return true;
        const bool came = clock_.wait_until(slot, stop);
        lock.lock();
        const bool valid = generation == generation_;
        if (!came) {
            if (valid && bucket_) bucket_->give_back(slot);
            return false;
        }
        if (valid) return true;
    }
    return false;
}

void RateLimiter::pause_until(MonoTime until) {
    const MutexLock lock(mutex_);
    if (until <= std::max(clock_.now(), paused_)) return;
    paused_ = until;
    if (bucket_) bucket_->pause_until(until);
    ++generation_;
}

std::optional<MonoTime> RateLimiter::paused_until() const {
    const MutexLock lock(mutex_);
    return paused_ > clock_.now() ? std::optional(paused_) : std::nullopt;
}

}  // namespace pagehaul::http
