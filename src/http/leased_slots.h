#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/clock.h"
#include "http/block_size.h"
#include "http/pace.h"

namespace pagehaul::http {

/// The clock of whoever keeps the budget of a shared rate: never compared with ours.
struct BudgetEpoch {
    using duration = Nanos;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BudgetEpoch>;
    static constexpr bool is_steady = false;
};
using BudgetTime = BudgetEpoch::time_point;

/// Nobody who shares the budget sends before `until`.
struct HeardPause {
    BudgetTime until{};
    BudgetTime now{};  ///< the budget's clock at the answer
};
/// What the budget's keeper answered.
struct Lease {
    BudgetTime from{};        ///< the first slot of the block
    std::int64_t slots = 0;   ///< consecutive ones, one interval apart; 0: it was only looked at
    std::int64_t handed = 0;  ///< slots that anybody ever was handed, these included
    HeardPause pause{};
};

/// When it is by the budget's clock, as closely as its answers tell: each was given between the moment it was
/// asked for and the moment it was here. What is consistent with the newest of them does not move, so that
/// blocks which follow each other there do so here.
class BudgetClock {
  public:
    void heard(BudgetTime now, MonoTime sent, MonoTime received);
    BudgetTime at(MonoTime time) const { return BudgetTime((time.time_since_epoch() - ahead_)); }
    MonoTime local(BudgetTime time) const { return MonoTime(time.time_since_epoch() + ahead_); }

  private:
    Nanos ahead_{0};  ///< our clock of the budget's
    bool known_ = false;
};

/// A share of a rate, leased in blocks: what TokenBucket is for a process alone. Pure: time goes in, time
/// comes out. Not thread-safe.
///
/// The budget hands out each slot once, so that all together keep the rate whatever each does here. A slot
/// that is not taken in time is lost: after a quiet time, or when the process was stopped, what it holds is
/// in the past, and void but for the tolerance.
class LeasedSlots {
  public:
    LeasedSlots(double per_second, std::int64_t burst);

    /// Takes the next slot: the time when the request may go, `now` or later. Nothing: none is held.
    std::optional<MonoTime> reserve(MonoTime now);
    /// Slots before `until` are void.
    void pause_until(MonoTime until);
    /// What was answered at `received` to what was asked at `sent`.
    void add(const Lease& lease, MonoTime sent, MonoTime received);

    /// When to ask for the next block: once half of the last one is over, and only if it is needed: `without`
    /// waiters have no slot, half of the last block is taken, or nobody else would have the slots.
    std::optional<MonoTime> next_ask(int without, MonoTime now) const;
    /// How many slots to ask for then. `waiting`, `without`: as in BlockSize::Demand.
    std::int64_t wanted(int waiting, int without, MonoTime now) const;
    /// Whether a slot that is still to come is held.
    bool holds(MonoTime now) const;

    Nanos interval() const { return pace_.interval; }
    /// How far the budget may lie behind its clock.
    Nanos tolerance() const { return pace_.tolerance; }

  private:
    struct Span {
        BudgetTime next;  ///< the first slot not taken
        BudgetTime to;    ///< an interval behind the last one
    };

    const Pace pace_;
    BudgetClock clock_;
    BlockSize size_;
    std::deque<Span> held_;
    std::optional<Lease> last_;
    std::int64_t taken_ = 0;  ///< slots, since the last block came
    MonoTime paused_ = MonoTime::min();
};

}  // namespace pagehaul::http
