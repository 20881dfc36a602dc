#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "core/clock.h"
#include "ledger/run_state.h"

namespace pagehaul::engine {

// When a run is at rest, and what that means. Pure; the claimer only calls it.

/// What earlier polls have shown.
struct Rest {
    int polls = 0;                          ///< in a row, without a page pending, leased or in our hands
    std::optional<std::int64_t> open = {};  ///< slices open at the last poll
    std::optional<MonoTime> finalising_since = {};  ///< all is proven, and the run not final yet
    std::optional<MonoTime> locked_since = {};      ///< nothing is left but slices that others hold locked
};

/// A poll's picture, and whether this process has nothing of the run in its hands: no lease, no outcome to
/// record.
struct Polled {
    const ledger::RunState& state;
    bool nothing_here = false;
    MonoTime now;
};

/// There is something to wait for; `at_once`: the next poll need not be.
struct GoOn {
    bool at_once = false;
    friend bool operator==(const GoOn&, const GoOn&) = default;
};
/// The run has succeeded, or can go no further.
struct Over {
    friend bool operator==(const Over&, const Over&) = default;
};
/// Another run has taken over the pipeline.
struct TakenOver {
    friend bool operator==(const TakenOver&, const TakenOver&) = default;
};
/// Every slice is proven, but the pipeline's lock, which some other process holds, did not become free.
struct LockBusy {
    friend bool operator==(const LockBusy&, const LockBusy&) = default;
};
/// Slices that only a step of a poll is missing to stay locked, and not by a process that is alive.
struct SlicesBusy {
    friend bool operator==(const SlicesBusy&, const SlicesBusy&) = default;
};
using RestStep = std::variant<GoOn, Over, TakenOver, LockBusy, SlicesBusy>;

/// Pages are leased to us all the same, by a claim that landed after its link was lost: to be given back.
bool holds_unknown(const Polled& polled);

/// Whether this process has had nothing in its hands for `limit`, beside others who may finish the run. It
/// never leaves a run alone. @param since remembers from poll to poll
bool may_leave(std::optional<MonoTime>& since, const Polled& polled, std::optional<Nanos> limit);

/// @param lock_patience how long the lock is waited for once all is proven, and what holds slices locked that
/// is no live process of the run: a frozen one is stale before it is over, and its backends are ended
RestStep judge_rest(Rest& rest, const Polled& polled, Nanos lock_patience);

}  // namespace pagehaul::engine
