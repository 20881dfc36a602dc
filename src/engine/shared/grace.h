#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/shared/grace_policy.h"

namespace pagehaul::engine {

/// The time that the platform gives this process from SIGTERM to its end. Nothing is limited before the
/// signal, nor where no grace was told. Main owns it, the signal thread begins it, the run's threads ask.
/// Thread-safe.
class Grace {
  public:
    Grace(std::optional<Millis> told, const Clock& clock) : told_(told), clock_(clock) {}

    /// SIGTERM came now. The first one counts.
    void begin();
    std::stop_token begun_token() const { return begun_.get_token(); }
    std::optional<Millis> told() const { return told_; }

    /// When requests in flight must have ended, which may go on for `drain`; MonoTime::max(): whenever.
    MonoTime end_of_drain(Nanos drain) const;
    /// `usual`, or less where less is left for this part of the stop.
    Nanos within(StopPart part, Nanos usual) const;
    /// The last resort: calls `exit`, which exits the process, in a thread of its own just before the grace
    /// is over, whatever holds the stop up. Destroying it joins. Where no grace was told there is no thread.
    std::jthread before_its_end(std::function<void()> exit) const;

  private:
    std::optional<MonoTime> end() const;

    const std::optional<Millis> told_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::optional<MonoTime> began_ PAGEHAUL_GUARDED_BY(mutex_);
    std::stop_source begun_;
};

}  // namespace pagehaul::engine
