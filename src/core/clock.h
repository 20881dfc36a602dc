#pragma once

#include <chrono>
#include <stop_token>

namespace pagehaul {

/// Measures durations inside this process. Never compared with wall time or with the database's clock.
using MonoTime = std::chrono::steady_clock::time_point;
/// For people: log lines, metrics, relative dates.
using WallTime = std::chrono::system_clock::time_point;
using Millis = std::chrono::milliseconds;
using Nanos = std::chrono::nanoseconds;

/// The one seam to time. Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual MonoTime now() const = 0;
    virtual WallTime wall_now() const = 0;
    /// Sleeps until `at` or until `stop` is requested, at once in both cases.
    /// @return false if the stop came first.
    virtual bool wait_until(MonoTime at, std::stop_token stop) const = 0;
};

/// The machine's clocks; lives as long as the process.
const Clock& system_clock();

}  // namespace pagehaul
