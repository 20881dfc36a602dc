#include "http/rate_limiter.h"

#include <algorithm>
#include <utility>

#include "core/counted.h"

namespace pagehaul::http {
namespace {

/// A wait that ends so late was not one of a busy machine: the process was stopped meanwhile, and who waited
/// with it must not go all at once.
constexpr Millis kFrozen{250};
/// A pause that was told to another process is heard of within this, while there is anything to hold back …
constexpr Millis kLook{500};
/// … and without a rate, where a poll comes somewhat more often and brings it.
constexpr Millis kHear{950};
/// One that was short is over when it is heard of, and was told all the same.
constexpr std::chrono::seconds kNews{2};

}  // namespace

TokenBucket::TokenBucket(double per_second, std::int64_t burst) : pace_(pace_of(per_second, burst)) {}

MonoTime TokenBucket::reserve(MonoTime now) {
    const MonoTime oldest = now - pace_.tolerance;
    returned_.erase(returned_.begin(), returned_.lower_bound(oldest));
    if (!returned_.empty()) {
        const MonoTime slot = *returned_.begin();
        returned_.erase(returned_.begin());
        return std::max(slot, now);
    }
    const MonoTime slot = std::max(due_, oldest);
    due_ = slot + pace_.interval;
    return std::max(slot, now);
}

void TokenBucket::give_back(MonoTime slot) {
    if (slot + pace_.interval == due_) {
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

RateLimiter::RateLimiter(const config::Limits& limits, const Clock& clock, Share share)
    : clock_(clock), is_leased_(share == Share::leased && limits.rate) {
    if (is_leased_)
        leased_.emplace(limits.rate->per_second, limits.burst);
    else if (limits.rate)
        bucket_.emplace(limits.rate->per_second, limits.burst);
}

std::optional<MonoTime> RateLimiter::reserve(MonoTime now) {
    if (bucket_) return bucket_->reserve(now);
    if (!leased_) return std::max(now, paused_);
    most_ = std::max<int>(most_, waiting_);
    return leased_->reserve(now);
}

MonoTime RateLimiter::need_at(MonoTime now) const {
    if (told_) return now;
    if (!leased_) return heard_at_ ? *heard_at_ + kHear : MonoTime::max();
    MonoTime at = leased_->next_ask(without_, now).value_or(MonoTime::max());
    if (waiting_ > 0 || leased_->holds(now)) at = std::min(at, supplied_at_ + kLook);
    return at;
}

bool RateLimiter::acquire(std::stop_token stop) {
    const Counted here(waiting_);
    while (!stop.stop_requested()) {
        MutexLock lock(mutex_);
        const MonoTime now = clock_.now();
        const std::optional<MonoTime> slot = reserve(now);
        if (!slot) ++without_;
        const bool is_sooner = (!slot && without_ == 1) || (leased_ && need_at(now) < planned_);
        const std::uint64_t generation = generation_;
        const std::uint64_t supplies = supplies_;
        lock.unlock();
        if (is_sooner) on_need_();
        if (!slot) {
            wait_for_supply(supplies, stop);
            continue;
        }
        if (*slot <= now) return true;
        const bool came = clock_.wait_until(*slot, stop);
        lock.lock();
        const bool valid = generation == generation_;
        if (!came) {
            if (valid && bucket_) bucket_->give_back(*slot);
            return false;
        }
        if (valid && !(is_leased_ && clock_.now() - *slot > kFrozen)) return true;
    }
    return false;
}

void RateLimiter::wait_for_supply(std::uint64_t seen, std::stop_token stop) {
    MutexLock lock(mutex_);
    supplied_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return supplies_ != seen; });
    --without_;
}

void RateLimiter::hold_until(MonoTime until) {
    paused_ = until;
    if (bucket_) bucket_->pause_until(until);
    if (leased_) leased_->pause_until(until);
    ++generation_;
}

void RateLimiter::pause_until(MonoTime until) {
    {
        const MutexLock lock(mutex_);
        if (until <= std::max(clock_.now(), paused_)) return;
        hold_until(until);
        told_ = until;
    }
    on_need_();
}

std::optional<MonoTime> RateLimiter::paused_until() const {
    const MutexLock lock(mutex_);
    return paused_ > clock_.now() ? std::optional(paused_) : std::nullopt;
}

RateLimiter::Need RateLimiter::need() {
    const MutexLock lock(mutex_);
    const MonoTime now = clock_.now();
    planned_ = need_at(now);
    Need need{.at = planned_, .told = told_};
    if (!leased_) return need;
    need.tolerance = leased_->tolerance();
    if (leased_->next_ask(without_, now) == now) {
        need.slots = leased_->wanted(std::max(most_, most_before_), without_, now);
        need.span = need.slots * leased_->interval();
    }
    return need;
}

bool RateLimiter::hear(const HeardPause& pause, MonoTime received) {
    // The same one again is no longer pause, however long the answer took.
    if (pause.until <= shared_pause_) return false;
    shared_pause_ = pause.until;
    const MonoTime until = received + (pause.until - pause.now);
    if (until > std::max(received, paused_)) hold_until(until);
    return until > received - kNews;
}

void RateLimiter::heard_pause(const HeardPause& pause, MonoTime received) {
    bool is_news = false;
    {
        const MutexLock lock(mutex_);
        heard_at_ = received;
        is_news = hear(pause, received);
    }
    if (is_news) on_others_pause_();
}

void RateLimiter::supply(const Need& asked, const Lease& lease, MonoTime sent, MonoTime received) {
    bool is_news = false;
    {
        const MutexLock lock(mutex_);
        supplied_at_ = received;
        if (!leased_) heard_at_ = received;
        if (told_ == asked.told) told_.reset();
        if (leased_) leased_->add(lease, sent, received);
        if (lease.slots > 0) {
            ++supplies_;
            most_before_ = std::exchange(most_, waiting_);
        }
        // What was asked with a pause of our own is answered with it.
        is_news = hear(lease.pause, received) && !asked.told;
    }
    supplied_.notify_all();
    if (is_news) on_others_pause_();
}

}  // namespace pagehaul::http
