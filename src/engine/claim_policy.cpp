#include "engine/claim_policy.h"

#include <algorithm>

namespace pagehaul::engine {
namespace {

constexpr Millis idle_pause{200};
constexpr Millis shortest_pause{10};
/// What the look into the ledger may take.
constexpr Millis look_for_pages{1'000};

}  // namespace

ClaimStep next_claim(const ClaimView& view) {
    if (view.alone && view.held > 0) return Enough{};
    int room = view.ahead - static_cast<int>(view.queued);
    if (room * 2 < view.ahead) return Enough{};
    // A chain keeps a worker for long: one that waits here for a worker is one that other processes do not
    // have.
    if (view.hands) room = std::min(room, static_cast<int>(*view.hands) - static_cast<int>(view.held));
    if (room <= 0) return Enough{};
    if (view.held > 0 && view.dry && view.dry->commits == view.commits && view.now < view.dry->until)
        return Enough{};
    if (view.source == SourceState::up) return ClaimDue{.room = room, .may_be_alone = view.held == 0};
    if (view.held > 0 || !view.next_probe || *view.next_probe > view.now) return Enough{};
    return ClaimProbe{};
}

bool hints_dried_up(const HintView& view) {
    return view.waiting == 0 && view.now - view.last >= hint_patience;
}

Nanos helper_patience(Nanos idle, bool by_hints) {
    return by_hints ? std::max<Nanos>(idle, hint_patience + look_for_pages) : idle;
}

MonoTime next_poll(const Polling& last, bool filled) {
    if (last.more_due) return last.ended;
    const Nanos rest = std::min<Nanos>(poll_rest * last.took, longest_rest);
    return last.ended + (filled ? std::max<Nanos>(rest, poll_pause) : rest);
}

namespace {

MonoTime next_idle_look(const LookView& view) {
    const Nanos pause = std::clamp<Nanos>(view.now - *view.idle_since, idle_pause, longest_idle);
    MonoTime at = std::min(view.next_reap, view.now + pause);
    if (view.next_due) at = std::min(at, view.now + *view.next_due);
    return std::max(at, view.now + shortest_pause);
}

}  // namespace

MonoTime next_look(const LookView& view) {
    if (view.idle_since && !view.filled && view.source == SourceState::up) return next_idle_look(view);
    MonoTime at = std::min({view.next_reap, view.next_hearing, next_poll(view.last_poll, true)});
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
