#pragma once

#include <condition_variable>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "core/mutex.h"

namespace pagehaul::engine {

class ByteBudget;

/// Bytes held of a budget. Travels with the page: request, decoded page, page buffer, commit; gives them back
/// when destroyed. Used by one thread at a time.
class Reservation {
  public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    ~Reservation() { release(); }

    std::int64_t bytes() const { return bytes_; }
    /// Makes it at least `bytes` in all. Never blocks, may be called from an I/O thread. @return false: no
    /// room; the caller gives up this response and asks again with a new reservation, which will be big
    /// enough. That is no fault of the source: do not count it as an attempt.
    bool grow_to(std::int64_t bytes);
    /// The body is decoded and gone: only `bytes` are held from now on. `peak` is the most that the page took
    /// at once, body and decoded rows together; it becomes the measure of later reservations. Always
    /// succeeds, even when `bytes` is more than was held.
    void settle(std::int64_t bytes, std::int64_t peak = 0);
    void release() noexcept;

  private:
    friend class ByteBudget;
    Reservation(ByteBudget* budget, std::int64_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::int64_t bytes_ = 0;
    std::int64_t peak_ = 0;  ///< bytes that were asked for, which may be below what was reserved at first
    bool over_ = false;      ///< it is the one that may go over the budget
};

/// Global permits for the bytes of bodies, decoded pages and page buffer. Thread-safe. The engine owns it and
/// outlives every reservation.
///
/// A request reserves what the largest recent page took (at first `first`), waiting for room while it holds
/// nothing. Why nobody waits for ever: a wait ends when there is room or when nothing at all is reserved, so
/// one reservation of any size passes alone; growing never waits: without room it is refused, except to one
/// reservation at a time, which may go over the budget. So among those that hold bytes one can always finish,
/// and writers give bytes back without asking for any. A refusal raises the size of the next reservations to
/// what was wanted: it does not repeat itself. "Recent" is the last 256 to 512 pages: one huge page does not
/// make the run sequential for ever.
class ByteBudget {
  public:
    explicit ByteBudget(std::int64_t total, std::int64_t first = 256 * 1024);
    ByteBudget(const ByteBudget&) = delete;
    ByteBudget& operator=(const ByteBudget&) = delete;

    /// Nothing when stopped.
    std::optional<Reservation> acquire(std::stop_token stop);

    std::int64_t total() const { return total_; }
    std::int64_t used() const;
    /// The most that was ever used.
    std::int64_t peak() const;
    /// What the next request reserves.
    std::int64_t next_size() const;

  private:
    friend class Reservation;
    bool grow(Reservation& who, std::int64_t wanted);
    void settle(Reservation& who, std::int64_t bytes);
    void give_back(Reservation& who) noexcept;
    std::int64_t size_locked() const PAGEHAUL_REQUIRES(mutex_);
    bool has_room_locked() const PAGEHAUL_REQUIRES(mutex_);

    const std::int64_t total_;
    const std::int64_t first_;
    mutable Mutex mutex_;
    std::condition_variable_any freed_;
    std::int64_t used_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    std::int64_t peak_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    bool over_taken_ PAGEHAUL_GUARDED_BY(mutex_) = false;   ///< some reservation may go over the budget
    std::int64_t largest_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  ///< of this generation of pages
    std::int64_t largest_before_ PAGEHAUL_GUARDED_BY(mutex_) = 0;  ///< of the one before
    int pages_ PAGEHAUL_GUARDED_BY(mutex_) = 0;                    ///< in this generation
};

}  // namespace pagehaul::engine
