#pragma once

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
/// every page holds its Reservation, so the byte budget bounds it and pushing never waits. A page's age is
/// the clock's, which outlives the buffer.
///
/// `Page` has `bytes` (an integer: its size in a batch) and `urgent` (bool: others wait for its commit; a
/// page 1, or a slice's last page).
template <class Page>
class PageBuffer {
  public:
    explicit PageBuffer(const Clock& clock) : clock_(clock) {}
    PageBuffer(const PageBuffer&) = delete;
    PageBuffer& operator=(const PageBuffer&) = delete;

    /// @return false when closed: the page is still the caller's.
    bool push(Page&& page) {
        std::stop_source sleeper(std::nostopstate);
        {
            const MutexLock lock(mutex_);
            if (waiting_.closed) return false;
            ++waiting_.pages;
            waiting_.bytes += static_cast<std::int64_t>(page.bytes);
            waiting_.urgent += page.urgent ? 1U : 0U;
            pages_.push_back(Entry{std::move(page), clock_.now()});
            waiting_.oldest = pages_.front().since;
            sleeper = next_sleeper();
        }
        sleeper.request_stop();
        return true;
    }

    /// Waits for a batch that is due; at least one page, whatever its size, then as many as fit. Empty when
    /// stopped (pages may be left), or when closed and empty.
    std::vector<Page> take_batch(const BatchLimits& limits, std::stop_token stop) {
        MutexLock lock(mutex_);
        while (!stop.stop_requested()) {
            if (batch_due(waiting_, limits, clock_.now())) {
                std::vector<Page> batch = take(limits);
                std::stop_source other = pages_.empty() ? std::stop_source(std::nostopstate) : next_sleeper();
                lock.unlock();
                other.request_stop();
                return batch;
            }
            if (waiting_.closed) break;
            const MonoTime until = waiting_.oldest ? *waiting_.oldest + limits.max_age : MonoTime::max();
            std::stop_source woken;
            sleepers_.push_back(woken);
            lock.unlock();
            {
                const std::stop_callback on_stop(stop, [&woken] { woken.request_stop(); });
                clock_.wait_until(until, woken.get_token());
            }
            lock.lock();
            std::erase(sleepers_, woken);
        }
        return {};
    }

    /// No more pages come; writers drain the rest.
    void close() {
        std::vector<std::stop_source> all;
        {
            const MutexLock lock(mutex_);
            waiting_.closed = true;
            all.swap(sleepers_);
        }
        for (std::stop_source& sleeper : all)
            sleeper.request_stop();
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

    /// For the caller to wake once it holds the mutex no more: who is woken wants it next.
    std::stop_source next_sleeper() PAGEHAUL_REQUIRES(mutex_) {
        if (sleepers_.empty()) return std::stop_source(std::nostopstate);
        std::stop_source sleeper = std::move(sleepers_.back());
        sleepers_.pop_back();
        return sleeper;
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

    const Clock& clock_;
    mutable Mutex mutex_;
    std::vector<std::stop_source> sleepers_ PAGEHAUL_GUARDED_BY(mutex_);  // of writers that wait for a batch
    std::deque<Entry> pages_ PAGEHAUL_GUARDED_BY(mutex_);
    Waiting waiting_ PAGEHAUL_GUARDED_BY(mutex_);  // describes pages_
};

}  // namespace pagehaul::engine
