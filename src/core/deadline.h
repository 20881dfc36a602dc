#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.h"

namespace pagehaul {

/// A point in monotonic time by which something must have ended; flows down as a parameter and only ever
/// shrinks.
class Deadline {
  public:
    static Deadline never() { return Deadline(MonoTime::max()); }
    static Deadline at(MonoTime when) { return Deadline(when); }
    static Deadline after(MonoTime now, Nanos span) {
        return span >= MonoTime::max() - now ? never() : Deadline(now + span);
    }

    MonoTime when() const { return when_; }
    bool is_never() const { return when_ == MonoTime::max(); }
    bool passed(MonoTime now) const { return now >= when_; }
    /// What is left, never negative.
    Nanos remaining(MonoTime now) const { return now >= when_ ? Nanos{0} : Nanos{when_ - now}; }
    Deadline sooner(Deadline other) const { return Deadline(std::min(when_, other.when_)); }

  private:
    explicit Deadline(MonoTime when) : when_(when) {}
    MonoTime when_;
};

}  // namespace pagehaul
