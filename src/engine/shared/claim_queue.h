#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "ledger/types.h"

namespace pagehaul::engine {

/// What one stream has here.
struct Lane {
    std::size_t queued = 0;
    int taken = 0;      ///< by workers
    bool more = false;  ///< in the ledger, as far as is known
};
/// Pure: which of the lanes a worker may take a job of, the one with the fewest workers first; nothing where
/// each that has jobs has its share of `hands`, and another one is to get the rest. `closed`: nobody brings
/// more, so whoever is free takes what there is.
std::optional<std::size_t> whose_turn(const std::vector<Lane>& lanes, int hands, bool closed);

/// The leases that wait for a fetch worker, first in first out within a stream. Thread-safe. Every wait ends
/// at once when its token is stopped or the queue is closed. Closing refuses new jobs and lets what is inside
/// be taken; drain() takes the rest at once, for jobs that must be given back.
///
/// Of several streams each has its share of the workers for as long as it has work, here or in the ledger:
/// one whose answers take long keeps no more than its own, and the others' pages go on.
class ClaimQueue {
  public:
    explicit ClaimQueue(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}
    ClaimQueue(const ClaimQueue&) = delete;
    ClaimQueue& operator=(const ClaimQueue&) = delete;

    /// Waits for room. @return false when closed or stopped: the job is still the caller's.
    bool push(ledger::Claim&& claim, std::stop_token stop);
    /// Waits for a job that a worker may take. Nothing when stopped (even if jobs are left), or closed and
    /// empty. @param hands workers that may ask at once, all in all
    std::optional<ledger::Claim> pop(std::stop_token stop, int hands);
    /// What was taken is over: its stream may take another worker.
    void over(const std::string& stream);
    /// Whether the ledger had as many pages of the stream as were asked for: there may be more.
    void expect_more(const std::string& stream, bool more);

    void close();
    std::vector<ledger::Claim> drain();
    std::size_t size() const;
    std::size_t size(const std::string& stream) const;
    std::size_t capacity() const { return capacity_; }

  private:
    struct Stream {
        std::deque<ledger::Claim> jobs{};
        int taken = 0;
        bool more = false;
    };
    std::size_t count() const PAGEHAUL_REQUIRES(mutex_);
    /// Whose turn it is; null: none may take a worker.
    Stream* next(int hands) PAGEHAUL_REQUIRES(mutex_);

    const std::size_t capacity_;
    mutable Mutex mutex_;
    std::condition_variable_any room_;
    std::condition_variable_any filled_;
    std::map<std::string, Stream> streams_ PAGEHAUL_GUARDED_BY(mutex_);  ///< by stream
    bool closed_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace pagehaul::engine
