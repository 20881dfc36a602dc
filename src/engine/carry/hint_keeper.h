#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/shared/context.h"
#include "engine/shared/hint_box.h"
#include "queue/hint.h"
#include "queue/queue.h"

namespace pagehaul::engine {

/// What a hint is to a process that works on `run` of `pipeline` in this ledger.
enum class HintFate {
    ours,
    stale,    ///< of a run that is behind us
    foreign,  ///< of another pipeline or ledger, or of a run that is to come: for somebody else
};
/// @param ledger ledger::identity
HintFate judge_hint(const queue::Hint& hint, const ledger::Scope& scope, std::string_view ledger);

/// How much a process takes at once.
struct Prefetch {
    std::size_t pages = 0;
    std::size_t per_message = 1;  ///< pages that a message may name
};
/// How many more messages to ask for: several at once, since some brokers are asked anew for each lot.
/// Nothing while three quarters of the pages are with us. @param with_us pages
std::size_t room_for_more(std::size_t with_us, const Prefetch& prefetch);

/// Owns the receiving end of the broker, on a thread of its own: brings hints for the claimer, and tells the
/// broker what became of their messages. While the broker is away it tries again, and the claimer takes pages
/// from the ledger.
class HintKeeper {
  public:
    /// @param publisher for messages that are somebody else's: their copies go to the end of the queue
    HintKeeper(Context& context, HintBox& box, std::unique_ptr<queue::Consumer> consumer,
               std::unique_ptr<queue::Publisher> publisher, Prefetch prefetch);

    /// From `no_new_work` on takes nothing more, gives back what waits, and goes on telling of what ends,
    /// until `over`; then the link is closed. Throws Failure where the broker refuses us or the queue at the
    /// first try.
    void work(std::stop_token no_new_work, std::stop_token over);

  private:
    void settle_ended();
    void sort(std::vector<queue::Delivery> deliveries);
    void hand_on(std::vector<queue::Delivery> foreign);
    void lost_link(const Failure& failure, const std::stop_token& over);

    Context& context_;
    HintBox& box_;
    std::unique_ptr<queue::Consumer> consumer_;
    std::unique_ptr<queue::Publisher> publisher_;
    const Prefetch prefetch_;
    Millis idle_wait_{50};    ///< the next one while nothing comes
    bool connected_ = false;  ///< once
    int failures_ = 0;        ///< in a row
    bool foreign_told_ = false;
};

}  // namespace pagehaul::engine
