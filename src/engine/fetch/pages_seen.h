#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <tuple>

#include "core/mutex.h"

namespace pagehaul::engine {

/// What the records of pages were, by hash, so that a page that comes again under another number is seen.
/// Keeps the last few thousand that this process got. Thread-safe; owned by SourceGate.
class PagesSeen {
  public:
    struct Place {
        std::int64_t slice = 0;
        int pass = 0;
        std::int64_t no = 0;
        auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr)
    };

    void note(const Place& place, std::int64_t hash) {
        const MutexLock lock(mutex_);
        if (!hashes_.insert_or_assign(place, hash).second) return;
        order_.push_back(place);
        if (order_.size() <= most) return;
        hashes_.erase(order_.front());
        order_.pop_front();
    }
    std::optional<std::int64_t> of(const Place& place) const {
        const MutexLock lock(mutex_);
        const auto found = hashes_.find(place);
        if (found == hashes_.end()) return std::nullopt;
        return found->second;
    }

  private:
    static constexpr std::size_t most = 4'096;
    mutable Mutex mutex_;
    std::map<Place, std::int64_t> hashes_ PAGEHAUL_GUARDED_BY(mutex_);
    std::deque<Place> order_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
