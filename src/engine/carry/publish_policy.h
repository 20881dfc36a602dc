#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/clock.h"
#include "ledger/claims.h"
#include "queue/queue.h"

namespace pagehaul::engine {

/// How much workers are told of.
struct HintLimits {
    std::size_t ahead = 0;        ///< pages that may wait for a worker
    std::size_t per_message = 1;  ///< pages that a message names at most
};

/// Pages that one message names.
using Lot = std::vector<ledger::Place>;

/// What to tell of now, and in which messages. Few pages go in small lots, for many workers to have some; and
/// while much waits that was told of, what would not fill a message is left for the next look. Pure.
/// @param waiting pages that were told of and that nobody has taken
std::vector<Lot> into_lots(const std::vector<ledger::Place>& pages, std::size_t waiting,
                           const HintLimits& limits);

/// Which hints to send, decided by the pages that are due in the ledger and by what was sent before. Knows no
/// more pages than are due at once, so what it remembers is bounded by `queue.ahead`; who takes over from it
/// sends some of them again, which does no harm. Pure; used by one thread.
class PublishPolicy {
  public:
    /// A page that is due this long after its hint was sent makes us ask how many messages there are.
    static constexpr std::chrono::seconds grace{5};
    /// After so long a hint is sent again whatever the broker counts: it may be the messages of others. Twice
    /// as long each time, up to the longest.
    static constexpr std::chrono::minutes lapse{10};
    static constexpr std::chrono::hours longest_lapse{2};

    /// @param due all pages that are due, or the first `queue.ahead` of them @return those of whom no hint is
    /// on its way
    std::vector<ledger::Place> unsent(const std::vector<ledger::Place>& due);
    void sent(const std::vector<Lot>& lots, MonoTime now);
    /// Whether pages wait longer than their hints should.
    bool wants_depth(MonoTime now) const;
    /// The pages whose hints are lost: more messages have waited for longer than `grace` than there are.
    std::vector<ledger::Place> lost(const queue::Depth& depth, MonoTime now) const;

  private:
    struct Hint {
        MonoTime sent;
        int times = 0;
        std::int64_t message = 0;
    };
    std::map<ledger::Place, Hint> sent_;
    std::int64_t last_message_ = 0;
};

/// No look at the ledger comes sooner after another one.
constexpr Millis shortest_look{50};

/// How long until the next look at the ledger: soon while much is taken, seldom while nothing happens.
Nanos next_publishing(std::size_t told, std::size_t ahead, Nanos last);

}  // namespace pagehaul::engine
