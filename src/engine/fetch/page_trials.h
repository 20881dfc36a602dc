#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// What this process remembers of the pages that do not come: what counts as no attempt is not counted in the
/// ledger either. Thread-safe; owned by SourceGate, as long as what is pulled.
class PageTrials {
  public:
    /// The page was throttled, and is to wait for `pause`.
    /// @return for how long it has been, without coming: from the end of its first pause on.
    Nanos throttled(std::int64_t page_id, MonoTime now, Nanos pause) {
        const MutexLock lock(mutex_);
        std::optional<MonoTime>& since = pages_[page_id].throttled_since;
        if (!since) since = now + pause;
        return std::max(Nanos{0}, Nanos{now - *since});
    }
    /// The page brought an answer that nobody explained. @return how often that counted, but 1 at least
    int unexplained(std::int64_t page_id, bool counts) {
        const MutexLock lock(mutex_);
        int& times = pages_[page_id].unexplained;
        if (counts) ++times;
        return std::max(1, times);
    }
    /// It came, or never will.
    void forget(std::int64_t page_id) {
        const MutexLock lock(mutex_);
        pages_.erase(page_id);
    }

  private:
    struct Trial {
        std::optional<MonoTime> throttled_since{};
        int unexplained = 0;
    };
    Mutex mutex_;
    std::unordered_map<std::int64_t, Trial> pages_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
