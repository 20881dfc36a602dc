#pragma once

#include <atomic>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <set>

#include "core/clock.h"
#include "core/random.h"

namespace pagehaul::testing {

/// Time that passes only when a test says so; whoever waits sleeps until then, or until stopped. Thread-safe.
class ManualClock final : public Clock {
  public:
    MonoTime now() const override {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    WallTime wall_now() const override { return WallTime{std::chrono::seconds(1'790'000'000)}; }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        std::unique_lock lock(mutex_);
        const auto self = sleeping_until_.insert(at);
        changed_.notify_all();
        const bool woken = changed_.wait(lock, stop, [&] { return now_ >= at; });
        sleeping_until_.erase(self);
        return woken && !stop.stop_requested();
    }

    void advance(Nanos span) {
        const std::lock_guard lock(mutex_);
        now_ += span;
        changed_.notify_all();
    }
    /// Blocks until `count` threads sleep whose time has not come.
    void wait_for_sleepers(std::size_t count = 1) const {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
            return static_cast<std::size_t>(
                       std::distance(sleeping_until_.upper_bound(now_), sleeping_until_.end())) >= count;
        });
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    MonoTime now_ = MonoTime{std::chrono::hours(1000)};  // protected by mutex_
    mutable std::multiset<MonoTime> sleeping_until_;     // protected by mutex_
};

/// For tests of one thread: whoever waits finds that the time has come. Thread-safe to read.
class LeapingClock final : public Clock {
  public:
    MonoTime now() const override { return now_; }
    WallTime wall_now() const override { return WallTime{std::chrono::seconds(1'790'000'000)}; }
    bool wait_until(MonoTime at, std::stop_token stop) const override {
        if (now_.load() < at) now_ = at;
        return !stop.stop_requested();
    }

  private:
    mutable std::atomic<MonoTime> now_ = MonoTime{std::chrono::hours(1000)};
};

/// Always the same number.
class FixedRandom final : public Random {
  public:
    explicit FixedRandom(double value = 0.5) : value_(value) {}
    double unit() override { return value_; }

  private:
    const double value_;
};

}  // namespace pagehaul::testing
