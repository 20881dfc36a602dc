#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "core/deadline.h"
#include "core/mutex.h"
#include "engine/shared/context.h"
#include "engine/shared/outbox.h"
#include "engine/shared/session.h"
#include "engine/shared/slice_news.h"
#include "engine/shared/wake.h"
#include "engine/write/publication.h"
#include "engine/write/publish_pace.h"

namespace pagehaul::engine {

/// Judges proofs where that changes the table: rows go there in the transaction that proves their slice,
/// which may take long. A thread with a connection of its own, whose search_path is the role's. On a stop it
/// ends with the transaction it is at; whose proofs it has not come to, their leases go back as any.
class SlicePublisher {
  public:
    /// Begins nothing that would not be over by `end`.
    SlicePublisher(Context& context, const Targets& targets, SessionOptions session, Deadline end);

    /// Takes proofs over, with their leases. From any thread.
    void put(std::vector<ProofDone> proofs);

    /// Returns when `over` is requested. Throws Failure when the database stays away beyond the patience.
    void work(const std::stop_token& over);

  private:
    using Proofs = std::vector<ProofDone>;
    Proofs take();
    void publish_all(Proofs proofs, const std::stop_token& over);
    void publish(const Proofs& proofs, std::int64_t rows, const std::stop_token& over);

    Context& context_;
    Publication publication_;
    Session session_;
    const Deadline end_;
    PublishPace pace_;
    ProofNews news_;
    Wake wake_;
    Mutex mutex_;
    Proofs waiting_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
