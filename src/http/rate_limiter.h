#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>

#include "config/config.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::http {

/// The schedule of a paced token bucket, as the generic cell rate algorithm (ITU-T I.371, virtual
/// scheduling): requests are due one interval apart, and after a quiet time `burst` of them may go at once.
/// Slots are handed out ahead of time, so a waiter that wakes late does not move the schedule. Pure: time
/// goes in, time comes out. Not thread-safe.
class TokenBucket {
  public:
    /// @param per_second above 0
    /// @param burst requests that may go at the same instant after a quiet time, at least 1
    TokenBucket(double per_second, std::int64_t burst);

    /// Takes the next slot: the time when the request may go, `now` or later.
    MonoTime reserve(MonoTime now);
    /// Gives back a slot that was waited for and not used: the next request may have it.
    void give_back(MonoTime slot);
    /// Nothing goes before `until`, and the schedule starts afresh there, without a burst: slots handed out
    /// before are void. A pause that ends before another one does changes nothing.
    /// @return false when it changed nothing
    bool pause_until(MonoTime until);

  private:
    const Nanos interval_;
    /// How far the schedule may lie behind now: the burst, and half an interval more, so that a moment in
    /// which nobody asks (a busy machine) costs no capacity and never puts two requests at one instant.
    const Nanos tolerance_;
    MonoTime due_ = MonoTime::min();  ///< the first slot not handed out
    std::set<MonoTime> returned_;
    MonoTime paused_ = MonoTime::min();
};

/// Paces the requests of all workers. Thread-safe. Waiters go in the order they came.
class RateLimiter {
  public:
    /// Without `limits.rate` nothing is paced; pauses hold all the same.
    RateLimiter(const config::Limits& limits, const Clock& clock);

    /// Blocks until the request may go. @return false when `stop` was requested first: the slot is given
    /// back.
    bool acquire(std::stop_token stop);
    /// The other side asks everybody to wait (Retry-After): those who wait already wait on. A pause never
    /// shortens another.
    void pause_until(MonoTime until);
    /// The end of the latest pause, if it is still to come.
    std::optional<MonoTime> paused_until() const;

  private:
    const Clock& clock_;
    mutable Mutex mutex_;
    std::optional<TokenBucket> bucket_ PAGEHAUL_GUARDED_BY(mutex_);
    MonoTime paused_ PAGEHAUL_GUARDED_BY(mutex_) = MonoTime::min();
    std::uint64_t generation_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  // grows with every pause
};

}  // namespace pagehaul::http
