#pragma once

#include <algorithm>
#include <cstdint>

#include "core/clock.h"
#include "core/deadline.h"

namespace pagehaul::engine {

/// How long rows take from the staging table into the target, by those that did. Pure; one a thread.
class PublishPace {
  public:
    /// Twice what it took so far, and a second for what does not depend on the rows.
    Nanos estimate(std::int64_t rows) const {
        return std::chrono::duration_cast<Nanos>(
            std::chrono::seconds(1) +
            std::chrono::duration<double>(2 * static_cast<double>(rows) / rows_per_second_));
    }
    void took(std::int64_t rows, Nanos span) {
        if (rows < enough_to_tell) return;
        const double seconds = std::max(std::chrono::duration<double>(span).count(), 1e-3);
        rows_per_second_ = static_cast<double>(rows) / seconds;
    }
    /// Whether so many rows are there before the end, as far as one can tell.
    bool is_time_for(std::int64_t rows, MonoTime now, Deadline end) const {
        return end.is_never() || estimate(rows) < end.remaining(now);
    }

  private:
    static constexpr std::int64_t enough_to_tell = 1'000;
    double rows_per_second_ = 20'000;
};

}  // namespace pagehaul::engine
