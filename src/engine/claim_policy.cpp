#include "engine/claim_policy.h"

#include <algorithm>

namespace pagehaul::engine {
namespace {

constexpr Millis idle_pause{200};
constexpr Millis shortest_pause{10};

}  // namespace

ClaimStep next_claim(const ClaimView& view) {
    if (view.alone && view.held > 0) return Enough{};
    const int room = view.ahead - static_cast<int>(view.queued);
    if (room * 2 < view.ahead) return Enough{};
    if (view.held > 0 && view.dry && view.dry->commits == view.commits && view.now < view.dry->until)
        return Enough{};
    if (view.source == SourceState::up) return ClaimDue{.room = room, .may_be_alone = view.held == 0};
    if (view.held > 0 || !view.next_probe || *view.next_probe > view.now) return Enough{};
    return ClaimProbe{};
}

MonoTime next_poll(const Polling& last, bool filled) {
    if (last.more_due) return last.ended;
    const Nanos rest = poll_rest * last.took;
    return last.ended + (filled ? std::max<Nanos>(rest, poll_pause) : rest);
}

MonoTime next_look(const LookView& view) {
    MonoTime at = std::min(view.next_reap, next_poll(view.last_poll, true));
    if (view.wants_poll) at = std::min(at, next_poll(view.last_poll, view.filled));
    if (view.filled) {
        if (view.dry && view.now < view.dry->until) at = std::min(at, view.dry->until);
        if (view.source != SourceState::up) at = std::min(at, view.now + idle_pause);
    } else {
        at = std::min(at, view.now + idle_pause);
        if (view.next_due) at = std::min(at, view.now + *view.next_due);
    }
    return std::max(at, view.now + shortest_pause);
}

}  // namespace pagehaul::engine
