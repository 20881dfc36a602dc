#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "telemetry/span.h"

namespace pagehaul::telemetry {

/// Spans on their way to the exporter's thread. Bounded; never waits: what finds no room is dropped and
/// counted. Thread-safe.
class SpanQueue {
  public:
    /// `reserve`: room beyond `capacity` for the few spans that hold the others together.
    SpanQueue(std::size_t capacity, std::size_t reserve) : capacity_(capacity), reserve_(reserve) {}

    enum class Importance { detail, frame };

    /// All of `spans` or none of them: a tree without its root says little.
    /// @return how many wait now.
    std::size_t offer(std::vector<Span>&& spans, Importance importance) {
        const MutexLock lock(mutex_);
        const std::size_t room = capacity_ + (importance == Importance::frame ? reserve_ : 0);
        if (spans_.size() + spans.size() > room) {
            dropped_ += static_cast<std::int64_t>(spans.size());
        } else {
            for (Span& span : spans)
                spans_.push_back(std::move(span));
        }
        return spans_.size();
    }

    void drop() {
        const MutexLock lock(mutex_);
        ++dropped_;
    }

    /// The oldest, at most so many.
    std::vector<Span> take(std::size_t most) {
        std::vector<Span> taken;
        const MutexLock lock(mutex_);
        while (!spans_.empty() && taken.size() < most) {
            taken.push_back(std::move(spans_.front()));
            spans_.pop_front();
        }
        return taken;
    }

    std::size_t size() const {
        const MutexLock lock(mutex_);
        return spans_.size();
    }
    std::int64_t dropped() const {
        const MutexLock lock(mutex_);
        return dropped_;
    }

  private:
    const std::size_t capacity_;
    const std::size_t reserve_;
    mutable Mutex mutex_;
    std::deque<Span> spans_ PAGEHAUL_GUARDED_BY(mutex_);
    std::int64_t dropped_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pagehaul::telemetry
