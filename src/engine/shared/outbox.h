#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "engine/shared/tallies.h"
#include "ledger/proof.h"
#include "ledger/types.h"

namespace pagehaul::engine {

struct ProofDone {
    ledger::Claim claim;
    ledger::ProofReading reading;
};

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
            const std::lock_guard lock(mutex_);
            content_.setbacks.push_back(std::move(setback));
        }
        wake_.set();
    }
    void put(ProofDone proof) {
        {
            const std::lock_guard lock(mutex_);
            content_.proofs.push_back(std::move(proof));
        }
        wake_.set();
    }
    Content take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(content_, {});
    }
    bool empty() const {
        const std::lock_guard lock(mutex_);
        return content_.empty();
    }

  private:
    Wake& wake_;
    mutable std::mutex mutex_;
    Content content_;  // protected by mutex_
};

}  // namespace pagehaul::engine
