#pragma once

#include <string>
#include <vector>

#include "core/clock.h"

namespace pagehaul::pool {

/// A pipeline that has a worker.
struct Seat {
    std::string pipeline;
    Nanos worked{0};  ///< since it was started
    Nanos idle{0};    ///< since it last had a message
    bool leaving = false;
};

/// A pipeline that has messages and no worker.
struct Waiting {
    std::string pipeline;
    Nanos waited{0};
};

struct Moves {
    std::vector<std::string> start;
    std::vector<std::string> leave;
    friend bool operator==(const Moves&, const Moves&) = default;
};

/// Who without a message for so long keeps a seat only while nobody wants it: its run has perhaps a page that
/// waits for its next try, which the worker that comes then finds as well.
constexpr Nanos idle_grace = std::chrono::seconds{5};

/// Who gets a free seat: who has waited longest. Who makes room for the others: the idle ones, then who has
/// worked longest, at least a `turn`; no more of them than wait.
Moves next_moves(std::vector<Seat> seats, std::vector<Waiting> waiting, std::size_t at_once, Nanos turn);

/// How long a pipeline's next worker is waited with, after one that came to nothing. @param before the last
/// such pause, or 0
Nanos rest_after(Nanos before);

}  // namespace pagehaul::pool
