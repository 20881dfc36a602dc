#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

/// When a batch is worth a commit.
struct BatchLimits {
    std::size_t max_pages = 50;
    std::int64_t max_bytes = 4LL << 20;
    Millis max_age{100};  ///< the longest that a page waits for company
};

/// What waits in the buffer, as far as the decision needs it.
struct Waiting {
    std::size_t pages = 0;
    std::int64_t bytes = 0;
    std::size_t urgent = 0;
    std::optional<MonoTime> oldest = {};
    bool closed = false;
};

/// Pure: take a batch now? Full, too old, something urgent in it, or nothing more can come.
bool batch_due(const Waiting& waiting, const BatchLimits& limits, MonoTime now);

/// Pages between fetch workers and writers, first in first out. Thread-safe. It has no bound of its own:
/// every page holds its Reservation, so the byte budget bounds it and pushing never waits.
///
/// `Page` has `bytes` (an integer: its size in a batch) and `urgent` (bool: others wait for its commit; a
/// page 1, or a slice's last page).
template <class Page>
class PageBuffer {
  public:
    PageBuffer() = default;
    PageBuffer(const PageBuffer&) = delete;
    PageBuffer& operator=(const PageBuffer&) = delete;

    /// @return false when closed: the page is still the caller's.
    bool push(Page&& page) {
        {
            const MutexLock lock(mutex_);
            if (waiting_.closed) return false;
            ++waiting_.pages;
            waiting_.bytes += static_cast<std::int64_t>(page.bytes);
            waiting_.urgent += page.urgent ? 1U : 0U;
            pages_.push_back(Entry{std::move(page), std::chrono::steady_clock::now()});
            waiting_.oldest = pages_.front().since;
        }
        changed_.notify_one();
        return true;
    }

    /// Waits for a batch that is due; at least one page, whatever its size, then as many as fit. Empty when
    /// stopped (pages may be left), or when closed and empty.
    std::vector<Page> take_batch(const BatchLimits& limits, std::stop_token stop) {
        MutexLock lock(mutex_);
        while (!stop.stop_requested()) {
            const MonoTime now = std::chrono::steady_clock::now();
            if (batch_due(waiting_, limits, now)) {
                std::vector<Page> batch = take(limits);
                const bool more = !pages_.empty();
                lock.unlock();
                if (more) changed_.notify_one();
                return batch;
            }
            if (waiting_.closed) break;
            const auto version = version_of();
            const auto moved = [&]() PAGEHAUL_REQUIRES(mutex_) { return version_of() != version; };
            if (waiting_.oldest) {
                changed_.wait_until(lock, stop, *waiting_.oldest + limits.max_age, moved);
            } else {
                changed_.wait(lock, stop, moved);
            }
        }
        return {};
    }

    /// No more pages come; writers drain the rest.
    void close() {
        {
            const MutexLock lock(mutex_);
            waiting_.closed = true;
        }
        changed_.notify_all();
    }

    /// Takes everything at once, for pages that will not be committed.
    std::vector<Page> drain() {
        std::vector<Page> rest;
        const MutexLock lock(mutex_);
        for (Entry& entry : pages_)
            rest.push_back(std::move(entry.page));
        pages_.clear();
        waiting_ = Waiting{.closed = waiting_.closed};
        return rest;
    }

    Waiting waiting() const {
        const MutexLock lock(mutex_);
        return waiting_;
    }

  private:
    struct Entry {
        Page page;
        MonoTime since;
    };
    struct Version {
        std::size_t pages;
        std::int64_t bytes;
        std::optional<MonoTime> oldest;
        bool closed;
        friend bool operator==(const Version&, const Version&) = default;
    };
    Version version_of() const PAGEHAUL_REQUIRES(mutex_) {
        return {waiting_.pages, waiting_.bytes, waiting_.oldest, waiting_.closed};
    }

    std::vector<Page> take(const BatchLimits& limits) PAGEHAUL_REQUIRES(mutex_) {
        std::vector<Page> batch;
        std::int64_t bytes = 0;
        while (!pages_.empty() && batch.size() < limits.max_pages) {
            Entry& front = pages_.front();
            const auto size = static_cast<std::int64_t>(front.page.bytes);
            if (!batch.empty() && bytes + size > limits.max_bytes) break;
            bytes += size;
            --waiting_.pages;
            waiting_.bytes -= size;
            waiting_.urgent -= front.page.urgent ? 1U : 0U;
            batch.push_back(std::move(front.page));
            pages_.pop_front();
        }
        waiting_.oldest = pages_.empty() ? std::nullopt : std::optional(pages_.front().since);
        return batch;
    }

    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Entry> pages_ PAGEHAUL_GUARDED_BY(mutex_);
    Waiting waiting_ PAGEHAUL_GUARDED_BY(mutex_);  // describes pages_
};

}  // namespace pagehaul::engine
