#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/mutex.h"

namespace pagehaul::engine {

/// Of the other fresh processes of the run, as the ledger had them at a heartbeat.
struct OthersNow {
    std::int64_t all = 0;
    std::int64_t refused = 0;  ///< whose newest credential the source refuses too
};

/// What this process tells the others of its credential, and hears of theirs: the fetch workers say it, the
/// heartbeat carries it. Thread-safe.
class Refusal {
  public:
    /// From now on a heartbeat carries what is said; before there are no others.
    void carried() {
        const MutexLock lock(mutex_);
        carried_ = true;
    }
    /// The source refuses the newest credential that this process has, or does so no more.
    void say(bool refused) {
        const MutexLock lock(mutex_);
        if (std::exchange(refused_, refused) != refused) others_.reset();
    }
    bool is_said() const {
        const MutexLock lock(mutex_);
        return refused_;
    }
    /// The answer to a heartbeat that said `refused`.
    void heard(bool refused, const OthersNow& others) {
        const MutexLock lock(mutex_);
        if (refused == refused_) others_ = others;
    }
    /// What was heard since it was said; nullopt: nothing yet.
    std::optional<OthersNow> others() const {
        const MutexLock lock(mutex_);
        return carried_ ? others_ : OthersNow{};
    }

  private:
    mutable Mutex mutex_;
    bool carried_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    bool refused_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    std::optional<OthersNow> others_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
