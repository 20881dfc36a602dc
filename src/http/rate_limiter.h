#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

#include "config/config.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "http/leased_slots.h"
#include "http/pace.h"

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
    const Pace pace_;
    MonoTime due_ = MonoTime::min();  ///< the first slot not handed out
    std::set<MonoTime> returned_;
    MonoTime paused_ = MonoTime::min();
};

/// Whose the rate is: this process's alone, or leased in blocks from a budget that several share.
enum class Share { own, leased };

/// Paces the requests of all workers. Thread-safe. Waiters go in the order they came, as far as there are
/// slots for them.
///
/// A leased rate has a keeper, one thread that asks `need` and brings `supply`: without it nobody passes. It
/// also tells the others of a pause that this process was told, and this one of theirs; without a rate
/// anybody may, who asks the budget's keeper now and then.
class RateLimiter {
  public:
    /// Without `limits.rate` nothing is paced; pauses hold all the same.
    RateLimiter(const config::Limits& limits, const Clock& clock, Share share = Share::own);

    /// Blocks until the request may go. @return false when `stop` was requested first: the slot is given
    /// back, a leased one lost.
    bool acquire(std::stop_token stop);
    /// The other side asks everybody to wait (Retry-After): those who wait already wait on. A pause never
    /// shortens another.
    void pause_until(MonoTime until);
    /// The end of the latest pause, if it is still to come.
    std::optional<MonoTime> paused_until() const;

    bool is_leased() const { return is_leased_; }
    /// `call` is called when need() may have changed; set before anybody acquires.
    void on_need(std::function<void()> call) { on_need_ = std::move(call); }
    /// `call` is called when another process was told a pause, of which this one has just heard; set before
    /// anybody acquires.
    void on_others_pause(std::function<void()> call) { on_others_pause_ = std::move(call); }
    /// What the budget's keeper is to be asked, and when.
    struct Need {
        MonoTime at = MonoTime::max();
        std::int64_t slots = 0;             ///< 0: it is only looked at
        std::optional<MonoTime> told = {};  ///< a pause that the others do not know of
        Nanos span{0};                      ///< of the slots
        Nanos tolerance{0};                 ///< see LeasedSlots
    };
    Need need();
    /// The answer, here at `received`, to what was asked at `sent`.
    /// Of a pause alone, here at `received`.
    void heard_pause(const HeardPause& pause, MonoTime received);
    void supply(const Need& asked, const Lease& lease, MonoTime sent, MonoTime received);

  private:
    std::optional<MonoTime> reserve(MonoTime now) PAGEHAUL_REQUIRES(mutex_);
    /// @return whether it is news.
    bool hear(const HeardPause& pause, MonoTime received) PAGEHAUL_REQUIRES(mutex_);
    void hold_until(MonoTime until) PAGEHAUL_REQUIRES(mutex_);
    MonoTime need_at(MonoTime now) const PAGEHAUL_REQUIRES(mutex_);
    void wait_for_supply(std::uint64_t seen, std::stop_token stop);

    const Clock& clock_;
    const bool is_leased_;
    std::function<void()> on_need_ = [] {};
    std::function<void()> on_others_pause_ = [] {};
    std::atomic<int> waiting_{0};  ///< inside acquire()
    mutable Mutex mutex_;
    std::condition_variable_any supplied_;
    std::optional<TokenBucket> bucket_ PAGEHAUL_GUARDED_BY(mutex_);
    std::optional<LeasedSlots> leased_ PAGEHAUL_GUARDED_BY(mutex_);
    MonoTime paused_ PAGEHAUL_GUARDED_BY(mutex_) = MonoTime::min();
    std::uint64_t generation_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  // grows with every pause
    std::uint64_t supplies_ PAGEHAUL_GUARDED_BY(mutex_) = 0;    // grows with every block
    std::optional<MonoTime> told_ PAGEHAUL_GUARDED_BY(mutex_);
    BudgetTime shared_pause_ PAGEHAUL_GUARDED_BY(mutex_){};         // the last one heard of
    std::optional<MonoTime> heard_at_ PAGEHAUL_GUARDED_BY(mutex_);  // of pauses alone
    MonoTime supplied_at_ PAGEHAUL_GUARDED_BY(mutex_){};
    MonoTime planned_ PAGEHAUL_GUARDED_BY(mutex_) = MonoTime::max();  // what need() said last
    int without_ PAGEHAUL_GUARDED_BY(mutex_) = 0;                     // waiters that found no slot
    int most_ PAGEHAUL_GUARDED_BY(mutex_) = 0;         // waiters at once since the last block …
    int most_before_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  // … and between it and the one before
};

}  // namespace pagehaul::http
