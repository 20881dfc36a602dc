#pragma once

#include <utility>
#include <vector>

#include "core/mutex.h"
#include "engine/shared/wake.h"
#include "ledger/proof.h"
#include "ledger/types.h"

namespace pagehaul::engine {

using ProofDone = ledger::AskedProof;

/// What fetch workers hand to the claimer, who records it: they never wait for the database. Thread-safe;
/// bounded by the number of leases this process holds.
class Outbox {
  public:
    struct Content {
        std::vector<ledger::Setback> setbacks;
        std::vector<ProofDone> proofs;
        bool empty() const { return setbacks.empty() && proofs.empty(); }
    };

    explicit Outbox(Wake& wake) : wake_(wake) {}

    void put(ledger::Setback setback) {
        {
            const MutexLock lock(mutex_);
            content_.setbacks.push_back(std::move(setback));
        }
        wake_.set();
    }
    void put(ProofDone proof) {
        {
            const MutexLock lock(mutex_);
            content_.proofs.push_back(std::move(proof));
        }
        wake_.set();
    }
    Content take() {
        const MutexLock lock(mutex_);
        return std::exchange(content_, {});
    }
    bool empty() const {
        const MutexLock lock(mutex_);
        return content_.empty();
    }

  private:
    Wake& wake_;
    mutable Mutex mutex_;
    Content content_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
