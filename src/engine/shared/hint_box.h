#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "engine/shared/wake.h"
#include "ledger/claims.h"

namespace pagehaul::engine {

/// A page that a broker's message names.
struct HintedPage {
    ledger::Place page;
    std::uint64_t tag = 0;  ///< queue::Delivery::tag
};

/// Between the thread that speaks with the broker and those that pull: hints wait here for the claimer, and
/// what became of their messages for the other. A message stays ours until all its pages are fetched, so that
/// the broker sees what is in work, and hands it to others at once when this process is gone; it is given
/// back with the first page that is: others' claims find those of its pages that are left. Thread-safe;
/// bounded by the messages that the broker leaves with us.
class HintBox {
  public:
    explicit HintBox(Wake& claimer) : claimer_(claimer) {}

    // Of the keeper:

    void put(std::vector<HintedPage> hints) {
        {
            const MutexLock lock(mutex_);
            waiting_.insert(waiting_.end(), hints.begin(), hints.end());
            for (const HintedPage& hint : hints)
                ++open_[hint.tag];
        }
        claimer_.set();
    }
    /// The messages of which a page is left that nobody has claimed; the broker's again, or lost with its
    /// link.
    std::vector<std::uint64_t> empty() {
        const MutexLock lock(mutex_);
        std::vector<std::uint64_t> tags;
        for (const HintedPage& hint : std::exchange(waiting_, {}))
            if (open_.erase(hint.tag) > 0) tags.push_back(hint.tag);
        return tags;
    }
    struct Ended {
        std::vector<std::uint64_t> done;      ///< nobody need have them again
        std::vector<std::uint64_t> released;  ///< a page of theirs went back unpulled
    };
    Ended take_ended() {
        const MutexLock lock(mutex_);
        return std::exchange(ended_, {});
    }
    /// Pages that wait here or are in work, for room_for_more.
    std::size_t pages() const {
        const MutexLock lock(mutex_);
        return waiting_.size() + in_work_.size();
    }

    // Of the claimer:

    std::vector<HintedPage> take(std::size_t most) {
        const MutexLock lock(mutex_);
        std::vector<HintedPage> taken;
        while (taken.size() < most && !waiting_.empty()) {
            taken.push_back(waiting_.front());
            waiting_.pop_front();
        }
        return taken;
    }
    /// The page is leased to us by this hint.
    void claimed(std::int64_t page_id, std::uint64_t tag) {
        const MutexLock lock(mutex_);
        in_work_[page_id] = tag;
    }
    /// Nothing was to be done for a page of it.
    void stale(std::uint64_t tag) {
        const MutexLock lock(mutex_);
        page_over(tag);
    }

    // Of whoever ends a lease:

    /// It is fetched, or its outcome stands in the ledger.
    void over(std::int64_t page_id) {
        const MutexLock lock(mutex_);
        if (const auto node = in_work_.extract(page_id); !node.empty()) page_over(node.mapped());
    }
    /// It was given back, for somebody else to pull.
    void given_back(std::int64_t page_id) {
        const MutexLock lock(mutex_);
        const auto node = in_work_.extract(page_id);
        if (!node.empty() && open_.erase(node.mapped()) > 0) ended_.released.push_back(node.mapped());
    }

    std::size_t waiting() const {
        const MutexLock lock(mutex_);
        return waiting_.size();
    }

  private:
    /// One page less of the message, if that is with us still.
    void page_over(std::uint64_t tag) PAGEHAUL_REQUIRES(mutex_) {
        const auto open = open_.find(tag);
        if (open == open_.end() || --open->second > 0) return;
        open_.erase(open);
        ended_.done.push_back(tag);
    }

    Wake& claimer_;
    mutable Mutex mutex_;
    std::deque<HintedPage> waiting_ PAGEHAUL_GUARDED_BY(mutex_);
    std::unordered_map<std::int64_t, std::uint64_t> in_work_ PAGEHAUL_GUARDED_BY(mutex_);
    /// Of each message that is ours, how many of its pages are not over.
    std::unordered_map<std::uint64_t, std::size_t> open_ PAGEHAUL_GUARDED_BY(mutex_);
    Ended ended_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
