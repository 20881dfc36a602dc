#pragma once

#include <atomic>
#include <cstdint>

namespace pagehaul::engine {

/// What this process has done since its start: written by every thread, read by progress, metrics and the
/// summary. The run's own truth is the ledger; these count one process's share.
struct Tallies {
    std::atomic<std::int64_t> requests{0};
    std::atomic<std::int64_t> retries{0};
    std::atomic<std::int64_t> throttled{0};
    std::atomic<std::int64_t> pages_stored{0};
    std::atomic<std::int64_t> pages_failed{0};
    std::atomic<std::int64_t> rows_fetched{0};
    std::atomic<std::int64_t> rows_stored{0};
    std::atomic<std::int64_t> rows_changed{
        0};  ///< inserted or updated; the rest of the stored rows was equal already
    std::atomic<std::int64_t> rows_quarantined{0};
    std::atomic<std::int64_t> rows_duplicate{0};
    std::atomic<std::int64_t> nul_replaced{0};
    std::atomic<std::int64_t> commits_that_plan{0};  ///< after which more pages may be due
    std::atomic<std::int64_t> longest_poll_ms{0};    ///< of the claimer, who alone writes it

    void polled(Nanos took) {
        const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        if (ms > longest_poll_ms) longest_poll_ms = ms;
    }
};

}  // namespace pagehaul::engine
