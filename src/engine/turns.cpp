#include "engine/turns.h"

#include <algorithm>
#include <utility>

namespace pagehaul::engine {

std::size_t Turns::queued() const {
    std::size_t least = share();
    for (const auto& [stream, policy] : context_.policies.all()) {
        const auto turn = turns_.find(stream);
        if (turn == turns_.end() || !is_dry(turn->second)) least = std::min(least, jobs_.size(stream));
    }
    return least == share() ? jobs_.capacity() : least * context_.policies.all().size();
}

Turns::Claimed Turns::claim(postgres::Connection& connection) {
    Claimed claimed;
    for (const auto& [stream, policy] : context_.policies.all()) {
        Turn& turn = turns_[stream];
        const std::size_t queued = jobs_.size(stream);
        if (queued * 2 > share()) continue;
        if (is_dry(turn)) continue;
        const int room = static_cast<int>(share() - queued);
        const std::int64_t commits = context_.tallies.commits_that_plan;
        auto claims = ledger::claim_of_stream(connection, context_.scope, stream, room, turn.after);
        const bool filled = static_cast<int>(claims.size()) >= room;
        turn.after = filled ? ledger::Place{claims.back().slice_id, claims.back().no} : ledger::Place{};
        turn.dry = filled ? std::nullopt : std::optional(Dry{commits, context_.clock.now() + poll_pause});
        jobs_.expect_more(stream, filled);
        claimed.filled = claimed.filled || filled;
        std::move(claims.begin(), claims.end(), std::back_inserter(claimed.claims));
    }
    return claimed;
}

bool Turns::is_dry(const Turn& turn) const {
    return turn.dry && turn.dry->commits == context_.tallies.commits_that_plan &&
           context_.clock.now() < turn.dry->until;
}

void Turns::begin_anew() {
    // Polls follow each other at once while slices are due, and who begins at the front steps over every
    // slice that is not proven yet.
    const MonoTime now = context_.clock.now();
    const bool at_the_front = now >= next_front_;
    if (at_the_front) next_front_ = now + poll_pause;
    for (auto& [stream, turn] : turns_) {
        turn.dry.reset();
        if (at_the_front) turn.after = {};
    }
}

}  // namespace pagehaul::engine
