#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/mutex.h"
#include "core/stop.h"
#include "engine/shared/wake.h"

namespace pagehaul::engine {

/// A group of threads that end on their own once their work is over; whoever waits for them can give up. The
/// owner calls join() before it destroys what the threads use, and is the only one to wait for them. `name`:
/// for the log and for a bug's message.
class Roster {
  public:
    Roster(std::string name, StopControl& stop, const Clock& clock)
        : name_(std::move(name)), stop_(stop), clock_(clock), ended_(clock) {}
    Roster(const Roster&) = delete;
    Roster& operator=(const Roster&) = delete;

    /// Starts a thread. What `work` throws ends the thread and stops the process in the way that the
    /// failure's kind asks for: a database that stayed down is 69, a bug 70.
    void start(std::function<void()> work);
    /// Waits until every thread has ended. @return false when `until` came first.
    bool wait_ended(MonoTime until);
    bool all_ended() const;
    /// Called in an ending thread, after its work.
    void on_end(std::function<void()> call) { on_end_ = std::move(call); }
    void join();

  private:
    void run(const std::function<void()>& work);

    const std::string name_;
    StopControl& stop_;
    const Clock& clock_;
    std::function<void()> on_end_;
    mutable Mutex mutex_;
    Wake ended_;  ///< wakes who waits in wait_ended
    int running_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
    std::vector<std::jthread> threads_;
};

/// How a failure that ends a thread stops the process.
StopCause stop_cause_for(ErrorKind kind);

}  // namespace pagehaul::engine
