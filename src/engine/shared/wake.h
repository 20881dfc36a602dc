#pragma once

#include <stop_token>
#include <utility>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// Wakes the one thread that waits with it: a page was committed, a job was taken, a thread has ended. Sets
/// are kept until the next wait. It waits on the clock, which outlives it.
class Wake {
  public:
    explicit Wake(const Clock& clock) : clock_(clock) {}
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    void set() {
        std::stop_source sleeper(std::nostopstate);
        {
            const MutexLock lock(mutex_);
            set_ = true;
            std::swap(sleeper, sleeper_);
        }
        sleeper.request_stop();
    }
    /// Until set, `at` or `stop`, whichever comes first.
    void wait_until(MonoTime at, const std::stop_token& stop) {
        std::stop_source woken;
        {
            const MutexLock lock(mutex_);
            if (std::exchange(set_, false)) return;
            sleeper_ = woken;
        }
        {
            const std::stop_callback on_stop(stop, [&woken] { woken.request_stop(); });
            clock_.wait_until(at, woken.get_token());
        }
        const MutexLock lock(mutex_);
        sleeper_ = std::stop_source(std::nostopstate);
        set_ = false;
    }

  private:
    const Clock& clock_;
    Mutex mutex_;
    std::stop_source sleeper_ PAGEHAUL_GUARDED_BY(mutex_){std::nostopstate};  // of the wait going on
    bool set_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace pagehaul::engine
