#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "core/clock.h"
#include "log/log.h"

namespace pagehaul::telemetry {

/// Where a run stands; counts since its beginning, not since this process'.
struct ProgressSnapshot {
    std::int64_t rows = 0;  ///< stored
    std::int64_t pages_done = 0;
    std::optional<std::int64_t> pages_total = {};  ///< absent: not known yet
    int in_flight = 0;
    int in_flight_limit = 0;
    std::int64_t retries = 0;
    std::int64_t failed = 0;  ///< pages
    std::string phase = {};   ///< "planning", "pulling", "proving", "draining"
};

/// What the last 10 seconds tell; absent while nothing can be said.
struct ProgressRates {
    std::optional<double> rows_per_s = {};
    std::optional<std::chrono::seconds> eta = {};
};

/// Rates over a sliding window. Pure but for what it remembers; one thread.
class RateWindow {
  public:
    ProgressRates add(const ProgressSnapshot& snapshot, MonoTime now);

  private:
    struct Point {
        MonoTime at;
        std::int64_t rows = 0;
        std::int64_t pages = 0;
    };
    std::deque<Point> points_;
};

/// One line of at most `width` columns, ASCII; parts that do not fit are left out, the least telling first.
std::string progress_line(const ProgressSnapshot& snapshot, const ProgressRates& rates, int width);

/// Shows the run's progress: on a terminal a bar below the log, redrawn 5 times a second; elsewhere a log
/// line every 10 s.
class Progress {
  public:
    /// `snapshot` is called from the progress thread; it must be thread-safe and quick.
    Progress(std::function<ProgressSnapshot()> snapshot, const Clock& clock, bool terminal);
    /// Stops, and takes the bar away.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void start();
    /// Idempotent.
    void stop();

  private:
    void loop(std::stop_token stop);
    void show(RateWindow& window);

    const std::function<ProgressSnapshot()> snapshot_;
    const Clock& clock_;
    const bool terminal_;
    std::jthread thread_;
};

}  // namespace pagehaul::telemetry
