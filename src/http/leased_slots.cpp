#include "http/leased_slots.h"

#include <algorithm>

namespace pagehaul::http {
namespace {

/// The budget counts in microseconds, and rounds a block up to them.
constexpr Nanos kRounding{1'000};

}  // namespace

void BudgetClock::heard(BudgetTime now, MonoTime sent, MonoTime received) {
    const Nanos least = sent.time_since_epoch() - now.time_since_epoch();
    const Nanos most = received.time_since_epoch() - now.time_since_epoch();
    ahead_ = known_ ? std::clamp(ahead_, least, most) : most;
    known_ = true;
}

LeasedSlots::LeasedSlots(double per_second, std::int64_t burst)
    : pace_(pace_of(per_second, burst)), size_(per_second, burst) {}

std::optional<MonoTime> LeasedSlots::reserve(MonoTime now) {
    const BudgetTime oldest = clock_.at(std::max(now - pace_.tolerance, paused_));
    for (; !held_.empty(); held_.pop_front()) {
        Span& span = held_.front();
        const BudgetTime slot = std::max(span.next, oldest);
        if (slot + pace_.interval / 2 > span.to) continue;
        span.next = slot + pace_.interval;
        size_.used(now);
        ++taken_;
        return std::max(clock_.local(slot), now);
    }
    return std::nullopt;
}

void LeasedSlots::pause_until(MonoTime until) {
    paused_ = std::max(paused_, until);
}

void LeasedSlots::add(const Lease& lease, MonoTime sent, MonoTime received) {
    clock_.heard(lease.pause.now, sent, received);
    if (lease.slots == 0) return;
    size_.leased(lease.slots, lease.handed, received);
    const BudgetTime to = lease.from + lease.slots * pace_.interval;
    // One schedule with the block before, where nobody came between.
    const bool follows =
        !held_.empty() && lease.from >= held_.back().to && lease.from - held_.back().to <= kRounding;
    if (follows)
        held_.back().to = to;
    else
        held_.push_back({.next = lease.from, .to = to});
    last_ = lease;
    taken_ = 0;
}

std::optional<MonoTime> LeasedSlots::next_ask(int without, MonoTime now) const {
    if (!last_) return without > 0 ? std::optional(now) : std::nullopt;
    const bool half = last_->slots > 1 && taken_ * 2 >= last_->slots;
    if (without == 0 && !half && !(taken_ > 0 && size_.is_alone(now))) return std::nullopt;
    return std::max(now, clock_.local(last_->from + (last_->slots - 1) / 2 * pace_.interval));
}

std::int64_t LeasedSlots::wanted(int waiting, int without, MonoTime now) const {
    const bool over = !last_ || last_->from + last_->slots * pace_.interval < clock_.at(now);
    return size_.next({.waiting = waiting, .without = without, .over = over}, now);
}

bool LeasedSlots::holds(MonoTime now) const {
    return !held_.empty() && held_.back().to > clock_.at(now);
}

}  // namespace pagehaul::http
