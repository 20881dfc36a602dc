#include "engine/shared/chain.h"

#include <utility>

namespace pagehaul::engine {

std::optional<FetchedPage> Chain::hand(FetchedPage page) {
    const MutexLock lock(mutex_);
    if (!head_) return std::nullopt;
    handed_ = page.result.claim.no;
    waiting_.push_back(std::move(page));
    return gathered();
}

std::optional<FetchedPage> Chain::next() {
    const MutexLock lock(mutex_);
    at_writers_ = false;
    return gathered();
}

std::optional<FetchedPage> Chain::gathered() {
    if (!head_ || at_writers_ || waiting_.empty()) return std::nullopt;
    std::optional<FetchedPage> run;
    for (FetchedPage& page : waiting_) {
        page.chain = shared_from_this();
        if (!run) {
            page.result.claim = *head_;
            run = std::move(page);
        } else {
            run->bytes += page.bytes;
            run->followers.push_back(std::move(page));
        }
    }
    waiting_.clear();
    at_writers_ = true;
    return run;
}

bool Chain::has_room() const {
    const MutexLock lock(mutex_);
    return !head_ || handed_ - head_->no + 1 < ahead;
}

bool Chain::wait_for_room(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    changed_.wait(lock, stop,
                  [&]() PAGEHAUL_REQUIRES(mutex_) { return !head_ || handed_ - head_->no + 1 < ahead; });
    return head_ && !stop.stop_requested();
}

std::optional<ledger::Claim> Chain::wait_for_lease(std::int64_t no, const std::stop_token& stop) {
    MutexLock lock(mutex_);
    changed_.wait(lock, stop, [&]() PAGEHAUL_REQUIRES(mutex_) { return !head_ || head_->no >= no; });
    if (!head_ || head_->no != no) return std::nullopt;
    return head_;
}

void Chain::lead(ledger::Claim head) {
    {
        const MutexLock lock(mutex_);
        if (!head_) return;
        head_ = std::move(head);
    }
    changed_.notify_all();
}

void Chain::end() {
    std::deque<FetchedPage> dropped;
    {
        const MutexLock lock(mutex_);
        head_.reset();
        dropped.swap(waiting_);
    }
    changed_.notify_all();
}

bool Chain::is_over() const {
    const MutexLock lock(mutex_);
    return !head_;
}

std::optional<ledger::Claim> Chain::head() const {
    const MutexLock lock(mutex_);
    return head_;
}

}  // namespace pagehaul::engine
