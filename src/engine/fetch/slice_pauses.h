#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// The slices that the API has asked to wait for (`then: throttle, for: slice`). The ledger holds back what
/// nobody has claimed; this, what this process has in its hands. Thread-safe; owned by SourceGate.
class SlicePauses {
  public:
    void pause(std::int64_t slice_id, MonoTime until) {
        const MutexLock lock(mutex_);
        MonoTime& now_until = until_[slice_id];
        now_until = std::max(now_until, until);
    }
    /// How long the slice still waits; zero: it does not.
    Nanos left(std::int64_t slice_id, MonoTime now) {
        const MutexLock lock(mutex_);
        const auto found = until_.find(slice_id);
        if (found == until_.end()) return Nanos{0};
        if (found->second > now) return found->second - now;
        until_.erase(found);
        return Nanos{0};
    }

  private:
    Mutex mutex_;
    std::unordered_map<std::int64_t, MonoTime> until_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
