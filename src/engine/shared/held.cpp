#include "engine/shared/held.h"

namespace pagehaul::engine {

std::vector<std::int64_t> Held::ids() const {
    const MutexLock lock(mutex_);
    std::vector<std::int64_t> ids;
    ids.reserve(asked_.size());
    for (const auto& [id, asked] : asked_)
        ids.push_back(id);
    return ids;
}

void Held::beaten(MonoTime sent, MonoTime answered, Nanos stale, bool new_link) {
    const MutexLock lock(mutex_);
    // From sending to the next answer: the ledger's clock noted the one before at the earliest when it was
    // sent, and sees the new one at the latest when it answers.
    if (last_sent_ && (new_link || answered - *last_sent_ >= stale)) good_from_ = answered;
    last_sent_ = sent;
    stale_ = stale;
}

bool Held::in_doubt(std::int64_t page_id, MonoTime now) const {
    const MutexLock lock(mutex_);
    if (last_sent_ && now - *last_sent_ >= stale_) return true;
    const auto lease = asked_.find(page_id);
    return lease != asked_.end() && lease->second < good_from_;
}

}  // namespace pagehaul::engine
