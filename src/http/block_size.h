#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace pagehaul::http {

/// How much there was of something lately: what was added loses all but a third in a second. Divided by a
/// second it is a rate.
class Lately {
  public:
    void add(double amount, MonoTime now);
    double at(MonoTime now) const;

  private:
    double amount_ = 0;
    MonoTime since_{};
};

/// How many slots of a rate that several processes share one of them asks for at a time. Pure. Not
/// thread-safe.
///
/// A part that follows its own use, so that who needs little asks for little, and one that is the same for
/// all, by which who has few catches up with who has many: together a quarter of a second's use and more, and
/// never more than half a second of the rate. Beside others no more than wait: a block's slots follow each
/// other at the whole rate, and who went with one may be back too late for another. Who is alone has all of
/// the time.
class BlockSize {
  public:
    /// @param per_second of all processes together
    BlockSize(double per_second, std::int64_t burst);

    void used(MonoTime now) { used_.add(1, now); }
    /// `slots` were leased; `handed`: slots that anybody ever was, these included.
    void leased(std::int64_t slots, std::int64_t handed, MonoTime now);

    struct Demand {
        int waiting = 0;    ///< requests that waited at once, lately
        int without = 0;    ///< of those that wait now, the ones without a slot
        bool over = false;  ///< the last block: slots may lie there that are due, up to the burst
    };
    std::int64_t next(const Demand& demand, MonoTime now) const;
    /// Nobody else takes slots, so that one which is lost is nobody's loss.
    bool is_alone(MonoTime now) const;

  private:
    const double per_second_;
    const std::int64_t burst_;
    Lately used_;
    Lately own_;
    Lately others_;
    std::optional<std::int64_t> handed_;
};

}  // namespace pagehaul::http
