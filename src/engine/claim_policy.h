#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "core/clock.h"
#include "engine/shared/source_health.h"

namespace pagehaul::engine {

// When the claimer claims, how many, and when it looks again. Pure; the claimer only calls them.

/// The ledger had fewer pages due than there was room for. Unless a commit plans more or an outcome frees
/// some, it need not be asked again until then: workers that run dry at the end of a run wake the claimer for
/// each page.
struct Dry {
    std::int64_t commits = 0;  ///< Tallies::commits_that_plan when the ledger was asked
    MonoTime until;
};

/// What decides whether to claim.
struct ClaimView {
    MonoTime now;
    std::size_t held = 0;    ///< leases of this process, wherever their pages are
    std::size_t queued = 0;  ///< of those, the ones that no worker has taken
    int ahead = 0;           ///< leases that may wait in the job queue
    std::optional<std::size_t> hands =
        {};              ///< leases at most, queued or not: each is a chain; nothing: no bound
    bool alone = false;  ///< a held page has killed its workers before
    SourceState source = SourceState::up;
    std::optional<MonoTime> next_probe = {};  ///< SourceHealth::next_probe_at
    std::int64_t commits = 0;                 ///< Tallies::commits_that_plan
    std::optional<Dry> dry = {};
};

/// Nothing is to be claimed now: there is enough, or nothing would come of it.
struct Enough {
    friend bool operator==(const Enough&, const Enough&) = default;
};
/// At most `room` pages that are due; `may_be_alone`: a page that killed its workers may be among them, as
/// the only one.
struct ClaimDue {
    int room = 0;
    bool may_be_alone = false;
    friend bool operator==(const ClaimDue&, const ClaimDue&) = default;
};
/// The source is down: one page carries the probe, whether due or not (back-offs grow while nothing succeeds,
/// and the source may be back long before). The others stay in the ledger, where they wait without holding
/// anything.
struct ClaimProbe {
    friend bool operator==(const ClaimProbe&, const ClaimProbe&) = default;
};
using ClaimStep = std::variant<Enough, ClaimDue, ClaimProbe>;

/// Few large claims are cheaper than many small ones, and the queue never runs dry at half: below that
/// nothing is claimed.
ClaimStep next_claim(const ClaimView& view);

/// Hints of a broker that stay away for so long may be lost, or the broker is: then pages come from the
/// ledger, until a hint leads to one again.
constexpr Millis hint_patience{5'000};

struct HintView {
    MonoTime now;
    MonoTime last;            ///< when a hint has last led to a page
    std::size_t waiting = 0;  ///< hints that are here
};
bool hints_dried_up(const HintView& view);

/// How long a helper waits for a page before it leaves, whatever `queue.idle` says: with hints it must have
/// looked into the ledger itself before. While the broker is away each would leave the run's pages to the
/// next.
Nanos helper_patience(Nanos idle, bool by_hints);

/// How often the run's state is read while there is work in hand: other processes of the run make no sound,
/// and a pause that one of them was told is heard of within a second.
constexpr Millis poll_pause{900};
/// A poll that took t is not asked for again within so many t: at most a tenth of the time goes into polls.
constexpr int poll_rest = 10;
/// But never longer: what took seconds was not the question. The process was frozen, or the network stood
/// still.
constexpr Millis longest_rest{10'000};

/// The last poll.
struct Polling {
    MonoTime ended{};
    Nanos took{0};          ///< RunState::asking
    bool more_due = false;  ///< it has left slices for the next one, which is work and not a question
};

/// When to poll next. `filled`: as many are leased as there was room for.
MonoTime next_poll(const Polling& last, bool filled);

/// Where other processes have all that is left, this one need not look for more as often as they work: what
/// it waits for has taken so long already. No longer than this: what a lost process held is somebody's to
/// pull.
constexpr Millis longest_idle{5'000};

/// What decides when to look again, if nothing wakes the claimer before.
struct LookView {
    MonoTime now;
    bool filled = false;
    MonoTime next_reap;
    MonoTime next_hearing = MonoTime::max();  ///< of pauses, unless a poll tells of them before
    Polling last_poll;
    bool wants_poll = false;  ///< woken when the next poll was not due yet
    SourceState source = SourceState::up;
    std::optional<Millis> next_due = {};  ///< RunState::next_due
    std::optional<Dry> dry = {};
    /// Since when it has had nothing in its hands while others have.
    std::optional<MonoTime> idle_since = {};
};
MonoTime next_look(const LookView& view);

}  // namespace pagehaul::engine
