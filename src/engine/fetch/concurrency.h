#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace pagehaul::engine {

struct ConcurrencyOptions {
    int start = 8;
    int floor = 1;
    int ceiling = 32;
    bool fixed = false;  ///< `start` for ever
    double slow = 1.5;   ///< a round is slow when its median is above this times the lowest recent median …
    Nanos slow_by{
        5'000'000};  ///< … and above it by this: below a few ms the scheduler's noise is all there is
    Nanos memory{30'000'000'000};  ///< a low median is forgotten after this and `memory_rounds` rounds
    int memory_rounds = 64;
};

/// How many requests may be in flight. Pure: fed with finished requests, asked for a limit; no clock, no
/// lock.
///
/// Time is cut into rounds of as many answers as the limit allows at once: about one round trip. The limit
/// doubles each round until the ceiling, a throttled answer or a slow round; from then on it grows by one a
/// round. A throttled answer takes 0.7 of it, once for all requests that were already sent; a slow round
/// divides it by how much slower it was, and a little more, so that the latency returns to its minimum and
/// the minimum stays known. It never grows while the requests do not fill it.
///
/// A round's latency is its median, give or take what chance can do with so few answers; the minimum is that
/// of recent medians: one lucky answer or one straggler moves neither. Latency shrinks it to the start and no
/// further; below are only refusals. If two shrinkings in a row did not lower the latency it was not ours:
/// what is measured now becomes the new minimum, and the limit from before comes back.
///
/// Several processes that ask one source are to be to it what one is. Together they start where one would,
/// grow by one a round, and a refusal that one of them meets takes its share of each. Slowness each of them
/// measures itself.
class ConcurrencyController {
  public:
    explicit ConcurrencyController(const ConcurrencyOptions& options);

    struct Sample {
        Nanos latency{0};
        bool throttled = false;  ///< its latency is not counted
        int in_flight = 0;       ///< at the answer, this request included
    };
    /// Only requests that were answered; network failures and time-outs say nothing about load here.
    /// @return the limit from now on.
    int on_answer(const Sample& sample, MonoTime now);

    /// A process that asks the same source was throttled: the same as if this one had been, but where it has
    /// just shrunk by itself, which was the same occasion. @return the limit from now on.
    int on_others_throttled(MonoTime now);
    /// So many ask the source, this process included. Before the first answer it is where to start.
    /// @return the limit from now on.
    int share_among(int processes);

    int limit() const { return limit_; }
    /// The lowest recent median; 0 before the first round.
    Nanos baseline() const;

  private:
    void start_at(int limit);
    void refused(MonoTime now);
    int round_size() const;
    void begin_round();
    void end_round(MonoTime now);
    bool is_slow(Nanos latency) const;
    void shrink(double factor, int least, MonoTime now);
    void grow();
    void remember(Nanos median, MonoTime now);
    void forget_shrinking();

    struct Past {
        Nanos median{0};
        MonoTime at;
        std::int64_t round = 0;
    };

    ConcurrencyOptions options_;
    int limit_ = 1;
    int processes_ = 1;
    double grown_ = 0;      ///< of the next step up, of which each process takes a part
    int least_judged_ = 0;  ///< the start: latency is judged from here on and shrinks no further
    bool doubling_ = true;
    std::int64_t round_ = 0;
    std::vector<Nanos> latencies_;          ///< of this round
    int answers_ = 0;                       ///< of this round
    int busiest_ = 0;                       ///< most in flight seen in this round
    MonoTime shrunk_at_ = MonoTime::min();  ///< answers to requests sent earlier belong to the old limit
    Nanos shrunk_at_median_{0};             ///< what made us shrink; 0: the last round was not slow
    int in_vain_ = 0;                       ///< shrinkings in a row that did not help
    int limit_before_ = 0;                  ///< the limit before the first of them
    std::deque<Past> past_;                 ///< medians rising from front to back: the front is the minimum
};

/// How many workers may ask the source at once: at most `limit` permits are out. A worker keeps its permit
/// from job to job, so that a busy pool hands nothing from thread to thread (with a permit a request, 128
/// waiting workers cost 17 context switches a page instead of 4). Thread-safe. The engine owns it and
/// outlives every permit.
class InFlight {
  public:
    explicit InFlight(int limit) : limit_(limit) {}
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

    /// Gives itself back when destroyed. Empty (false) when the wait was stopped.
    class Permit {
      public:
        Permit() = default;
        Permit(Permit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept {
            if (this != &other) {
                release();
                gate_ = std::exchange(other.gate_, nullptr);
            }
            return *this;
        }
        Permit(const Permit&) = delete;
        Permit& operator=(const Permit&) = delete;
        ~Permit() { release(); }
        explicit operator bool() const { return gate_ != nullptr; }
        void release() noexcept;

      private:
        friend class InFlight;
        explicit Permit(InFlight* gate) : gate_(gate) {}
        InFlight* gate_ = nullptr;
    };

    /// Blocks until a permit is free; a requested stop ends the wait at once with an empty permit.
    Permit acquire(std::stop_token stop);
    /// For a worker between two jobs: whether it may go on with the permit it has. False when the limit was
    /// lowered below what is out: the permit is given back.
    bool keep(Permit& permit);
    /// No more permits: all who wait leave at once, empty-handed. One after another, each woken by the one
    /// before, a hundred of them take seconds on a busy machine.
    void close();
    /// A lower limit takes no permit away: it holds as permits come back, or are not kept.
    void set_limit(int limit);
    int limit() const;
    int in_flight() const;

  private:
    void give_back() noexcept;

    mutable Mutex mutex_;
    std::condition_variable_any freed_;
    int limit_ PAGEHAUL_GUARDED_BY(mutex_);
    int out_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    bool closed_ PAGEHAUL_GUARDED_BY(mutex_) = false;
};

}  // namespace pagehaul::engine
