#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/shared/context.h"
#include "queue/queue.h"

namespace pagehaul::engine {

/// For a helper that comes when no run of its pipeline is in progress: takes the broker's messages of runs
/// that are over, or were told to stop. Left there, they would have workers started for ever by whoever
/// scales them by messages. Should a run begin meanwhile, its hints are lost like any others, and sent again.
/// Does nothing without a broker; one that cannot be asked is only told of. @param relay of a pool's worker
void clear_leftovers(Context& context, std::optional<int> relay);

/// Whose messages they are. @see queue::is_of
struct Owner {
    std::string pipeline;
    std::string ledger;
};
/// Until nothing has come for a while, or something of another pipeline or ledger has: that goes to the
/// queue's end.
/// @return how many were taken. Throws Failure.
std::size_t take_leftovers(queue::Consumer& consumer, queue::Publisher& publisher, const Owner& owner,
                           const Clock& clock, const std::stop_token& stop);

}  // namespace pagehaul::engine
