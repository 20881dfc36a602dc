#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>

#include "core/mutex.h"
#include "engine/shared/fetched_page.h"
#include "ledger/types.h"

namespace pagehaul::engine {

/// A chain in this process's hands, from the claim of its head until it ends, moves, or is lost: each page
/// tells of the next one, and one fetch worker follows them, ahead of the writers, who store them in order
/// and one commit at a time (src/engine/README.md, "Chains"). Thread-safe; owned by that worker and by the
/// pages that writers have. The lease is that of the head, the first page that is not committed: each commit
/// moves it on.
class Chain : public std::enable_shared_from_this<Chain> {
  public:
    /// Pages that may be fetched and not committed.
    static constexpr int ahead = 8;

    explicit Chain(ledger::Claim head) : head_(std::move(head)), first_(head_->no) {}

    // For the fetch worker.

    /// A fetched page. @return what is for the writers now; nothing: it waits for the pages before it, or the
    /// chain is over and it is dropped.
    std::optional<FetchedPage> hand(FetchedPage page);
    /// Whether another page may be fetched; waits for it. False when the chain is over or `stop` is
    /// requested.
    bool wait_for_room(const std::stop_token& stop);
    bool has_room() const;
    /// The lease of page `no` once those before it are committed; nothing when the chain is over or `stop` is
    /// requested.
    std::optional<ledger::Claim> wait_for_lease(std::int64_t no, const std::stop_token& stop);
    /// Whether page `no` is another than the one that was claimed: its token is fresh.
    bool is_behind_first(std::int64_t no) const { return no > first_; }

    // For the writers.

    /// The pages before this one are committed, and it is leased by us.
    void lead(ledger::Claim head);
    /// The chain goes no further in our hands: its last page is committed, its pass is over, or the lease is
    /// lost. What waits is dropped.
    void end();
    bool is_over() const;
    /// The head's lease; nothing when the chain is over.
    std::optional<ledger::Claim> head() const;
    /// The writers are done with what they had. @return what has gathered behind it.
    std::optional<FetchedPage> next();

  private:
    std::optional<FetchedPage> gathered() PAGEHAUL_REQUIRES(mutex_);

    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<ledger::Claim> head_ PAGEHAUL_GUARDED_BY(mutex_);  ///< nothing: over
    const std::int64_t first_;
    bool at_writers_ PAGEHAUL_GUARDED_BY(mutex_) = false;
    std::int64_t handed_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  ///< the last page that came, 0: none
    std::deque<FetchedPage> waiting_ PAGEHAUL_GUARDED_BY(mutex_);
};

}  // namespace pagehaul::engine
