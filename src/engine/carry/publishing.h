#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "engine/carry/publish_policy.h"
#include "engine/shared/context.h"
#include "engine/shared/session.h"
#include "engine/shared/wake.h"
#include "queue/queue.h"

namespace pagehaul::engine {

/// Tells workers through the broker which pages are due, at most `queue.ahead` at once, and again where a
/// hint was lost. Every process of a run has one, a thread with a connection of its own; the ledger says
/// whose turn it is. A broker that is away stops nothing: what is due stands in the ledger, where workers
/// then find it themselves.
class Publishing {
  public:
    /// @param once stop this process, for others to go on, when all that may be told for now is told
    Publishing(Context& context, SessionOptions session, std::unique_ptr<queue::Publisher> publisher,
               HintLimits limits, bool once);

    /// More pages may be due than the ledger told when it was last asked. From any thread.
    void look_soon() { planned_.set(); }

    /// Returns when `over` is requested. Throws Failure when the database stays away beyond the patience.
    void work(std::stop_token over);

  private:
    /// @return how many pages were to be told of now; nothing when another process tells.
    std::optional<std::size_t> tell_due(const std::stop_token& over);
    /// For the metrics, and for hints that are lost.
    void look_at_depth();
    void rest(Nanos pause, const std::stop_token& over);
    void send(const std::vector<Lot>& lots);

    Context& context_;
    Session session_;
    std::unique_ptr<queue::Publisher> publisher_;
    const HintLimits limits_;
    const bool once_;
    PublishPolicy policy_;
    Wake planned_;
    MonoTime next_depth_{};
    MonoTime next_telling_{};
    bool connected_ = false;  ///< once
    bool away_ = false;       ///< told of already
    MonoTime away_since_{};
};

}  // namespace pagehaul::engine
