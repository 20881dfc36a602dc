#include "engine/rest_policy.h"

#include <utility>

namespace pagehaul::engine {
namespace {

// The last pages may have been committed after the poll had looked at their slices and before it read the
// state: only a poll that began at rest shows that nothing follows.
constexpr int polls_that_show_rest = 2;
// Polls at rest with open slices and no failed page, until that is called a bug: another process's poll may
// have the slice in its hands.
constexpr int unexplained_polls = 25;

}  // namespace

bool holds_unknown(const Polled& polled) {
    return polled.state.status == ledger::RunStatus::running && polled.nothing_here &&
           polled.state.pages_leased > 0;
}

bool may_leave(std::optional<MonoTime>& since, const Polled& polled, std::optional<Nanos> limit) {
    if (!polled.nothing_here || !limit) {
        since.reset();
        return false;
    }
    if (!since) since = polled.now;
    return polled.now - *since >= *limit && polled.state.other_workers > 0;
}

RestStep judge_rest(Rest& rest, const Polled& polled, Nanos lock_patience) {
    const ledger::RunState& state = polled.state;
    if (state.status == ledger::RunStatus::succeeded) return Over{};
    if (state.status == ledger::RunStatus::superseded) return TakenOver{};

    const bool at_rest = polled.nothing_here && state.pages_pending == 0 && state.pages_leased == 0;
    const bool progressed = std::exchange(rest.open, state.slices_open) != state.slices_open;
    rest.polls = !at_rest ? 0 : progressed ? 1 : rest.polls + 1;
    if (!at_rest) return GoOn{};

    if (state.finalised_elsewhere) {
        rest.finalising_since.reset();
        return GoOn{};
    }
    if (state.slices_open == 0 && state.slices_failed == 0 && state.key_overlap.empty()) {
        if (!rest.finalising_since) rest.finalising_since = polled.now;
        if (polled.now - *rest.finalising_since < lock_patience) return GoOn{};
        return LockBusy{};
    }
    if (progressed || state.slices_locked == 0 || state.other_workers > 0) rest.locked_since.reset();
    if (state.slices_locked > 0) {
        rest.polls = 0;
        if (state.other_workers > 0) return GoOn{};
        if (!rest.locked_since) rest.locked_since = polled.now;
        if (polled.now - *rest.locked_since < lock_patience) return GoOn{};
        return SlicesBusy{};
    }
    const bool explained = state.slices_open == 0 || state.pages_unavailable + state.pages_refused > 0;
    if (rest.polls >= (explained ? polls_that_show_rest : unexplained_polls)) return Over{};
    return GoOn{.at_once = rest.polls == 1};
}

}  // namespace pagehaul::engine
