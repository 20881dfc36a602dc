#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pagehaul::postgres {

/// Guards one link against a peer that takes everything and answers nothing: a pooler that hangs, a middlebox
/// that acknowledges for a server which is gone. TCP sees nothing wrong there, and libpq would wait for ever.
/// When an answer is overdue the socket is shut down, by a thread that all links share, in real time and to
/// the second; who waits for it then sees a connection that was lost. Lives and dies with the link, before
/// its socket is closed.
class AnswerWatch {
  public:
    explicit AnswerWatch(int socket);
    ~AnswerWatch();
    AnswerWatch(const AnswerWatch&) = delete;
    AnswerWatch& operator=(const AnswerWatch&) = delete;

    /// An answer is waited for from now on, for `limit`; zero: however long.
    void begin(std::chrono::milliseconds limit);
    void end() { until_ = nobody_waits; }
    bool gave_up() const { return gave_up_; }

  private:
    friend class AnswerWatcher;
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::rep nobody_waits = 0;

    const int socket_;
    std::atomic<Clock::rep> until_ = nobody_waits;
    std::atomic<bool> gave_up_ = false;
};

}  // namespace pagehaul::postgres
