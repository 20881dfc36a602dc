#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// The leases in this process's hands: queued, in flight, buffered. Thread-safe.
///
/// A process that stood still for longer than run.stale (stopped, starved, a database that did not answer)
/// may have lost its leases without knowing. From the moment when its last beat is that old until the next
/// one is answered every lease is in doubt, and afterwards those that were taken before: nothing is asked of
/// the source for them, they go back to the ledger, which knows by the epoch whether they are still ours.
/// What is fetched already needs no such care: a commit asks the ledger itself.
class Held {
  public:
    /// `asked`: when the ledger was asked for the lease, before it answered.
    void add(std::int64_t page_id, MonoTime asked) {
        const MutexLock lock(mutex_);
        asked_[page_id] = asked;
    }
    void remove(std::int64_t page_id) {
        {
            const MutexLock lock(mutex_);
            asked_.erase(page_id);
        }
        if (on_work_done_) on_work_done_(page_id);
    }
    /// The page is fetched: what remains is its commit.
    void fetched(std::int64_t page_id) const {
        if (on_work_done_) on_work_done_(page_id);
    }
    /// Who else wants to know that nobody need fetch a page of ours any longer, told when it is fetched and
    /// when its lease is over. Set before there are threads; called in any.
    void on_work_done(std::function<void(std::int64_t)> call) { on_work_done_ = std::move(call); }
    std::size_t size() const {
        const MutexLock lock(mutex_);
        return asked_.size();
    }
    std::vector<std::int64_t> ids() const;

    /// A beat sent at `sent` was answered at `answered`; others take a worker for dead whose beats are
    /// `stale` apart. `new_link`: over another connection than the one before: that one's end may have looked
    /// like ours. Before the first beat nothing is in doubt.
    void beaten(MonoTime sent, MonoTime answered, Nanos stale, bool new_link);
    bool in_doubt(std::int64_t page_id, MonoTime now) const;

  private:
    std::function<void(std::int64_t)> on_work_done_;
    mutable Mutex mutex_;
    std::unordered_map<std::int64_t, MonoTime> asked_
        PAGEHAUL_GUARDED_BY(mutex_);  ///< page id -> when its lease was asked for
    std::optional<MonoTime> last_sent_ PAGEHAUL_GUARDED_BY(mutex_);  ///< of the last answered beat
    Nanos stale_ PAGEHAUL_GUARDED_BY(mutex_){0};
    MonoTime good_from_ PAGEHAUL_GUARDED_BY(mutex_) =
        MonoTime::min();  ///< leases asked for before are in doubt
};

}  // namespace pagehaul::engine
