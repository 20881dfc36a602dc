#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

#include "engine/shared/context.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// Beats for this worker and renews the run's lock, on a connection of its own and in a thread of its own,
/// from before the start's transaction commits until the writers have flushed. What it learns it tells the
/// StopControl: a lock that is lost, a run that is over, a reason to stop that another process has set. Each
/// answered beat it tells `Held`, for which a gap puts the leases in doubt, and `Refusal`, what others say of
/// their credentials; `Context::beat_soon` has it beat at once.
class Heartbeat {
  public:
    /// `connection`: open already, the start's transaction names its backend.
    Heartbeat(Context& context, postgres::ConnectOptions reconnect,
              std::unique_ptr<postgres::Connection> connection);
    /// Stops and joins.
    ~Heartbeat();
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;

    /// Whether the beats came uninterrupted for run.stale until now: only then may this process judge others
    /// by time.
    bool may_judge_time() const;
    /// Stops the thread; safe to repeat. @return the connection, or null where it is lost: as long as it is
    /// open, peers see that this process lives. One whose backend is gone they take for dead, and end its
    /// others.
    std::unique_ptr<postgres::Connection> stop();

  private:
    void loop(std::stop_token stop);
    bool beat_once();

    Context& context_;
    postgres::ConnectOptions reconnect_;
    std::unique_ptr<postgres::Connection> connection_;  // the thread's alone
    std::atomic<MonoTime::rep> steady_since_{0};        // steady_clock ticks; 0: interrupted
    std::atomic<MonoTime::rep> last_beat_{0};
    std::jthread thread_;
};

}  // namespace pagehaul::engine
