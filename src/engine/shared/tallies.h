#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/clock.h"
#include "ledger/workers.h"

namespace pagehaul::engine {

/// What this process has done since its start: written by every thread, read by progress, metrics and the
/// summary. The run's own truth is the ledger; these count one process's share.
struct Tallies {
    std::atomic<std::int64_t> requests{0};
    std::atomic<std::int64_t> retries{0};
    std::atomic<std::int64_t> throttled{0};
    std::atomic<std::int64_t> pages_stored{0};
    std::atomic<std::int64_t> pages_failed{0};
    std::atomic<std::int64_t> pages_skipped{0};  ///< left out because a rule says so
    std::atomic<std::int64_t> rows_fetched{0};
    std::atomic<std::int64_t> rows_stored{0};
    std::atomic<std::int64_t> rows_changed{
        0};  ///< inserted or updated; the rest of the stored rows was equal already
    std::atomic<std::int64_t> rows_quarantined{0};
    std::atomic<std::int64_t> rows_duplicate{0};
    std::atomic<std::int64_t> nul_replaced{0};
    /// After which a slice may be there to be published: while others are pulled is the time for that.
    std::atomic<std::int64_t> commits_that_finish{0};
    std::atomic<std::int64_t> commits_that_plan{0};  ///< after which more pages may be due
    std::atomic<std::int64_t> longest_poll_ms{0};    ///< of the claimer, who alone writes it
    std::atomic<std::int64_t> in_flight{0};          ///< at the last poll
    std::atomic<std::int64_t> in_flight_limit{0};    ///< then
    std::atomic<std::int64_t> redeliveries{0};       ///< messages of a broker that somebody had had before

    /// For this process's row in the ledger.
    ledger::WorkerFigures figures() const {
        return {.pages = pages_stored,
                .rows = rows_stored,
                .requests = requests,
                .setbacks = retries + pages_failed,
                .in_flight = in_flight,
                .in_flight_limit = in_flight_limit,
                .redeliveries = redeliveries};
    }

    void polled(Nanos took) {
        const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        if (ms > longest_poll_ms) longest_poll_ms = ms;
    }
};

}  // namespace pagehaul::engine
