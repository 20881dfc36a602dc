#pragma once

#include <stop_token>
#include <string>

#include "core/mutex.h"

namespace pagehaul {

/// Why a process stops working; the first one given is kept, unless a graver one follows (bug, credential,
/// config).
enum class StopCause {
    none,
    sigterm,
    sigint,
    deadline,     ///< run.deadline
    lost,         ///< the lock or the run went to somebody else
    idle,         ///< nothing is left for this process to do, and others finish the run
    data,         ///< a verdict that more work cannot change: 65
    unavailable,  ///< the source or the database stayed down beyond run.patience: 69
    credential,   ///< 77
    config,       ///< found only while running, the target's constraints say: 78
    bug,          ///< 70
};

/// Bug, credential, config: met on the way out, they are worth more than what began the stop.
bool is_grave(StopCause cause);

/// The two stop sources of src/engine/README.md, "Stop". A process stops itself, never the run. Thread-safe;
/// not copyable: main owns it, everybody else gets tokens or a reference.
class StopControl {
  public:
    /// Phase 1. Claimers stop, waits in queue, limiter and back-off end, requests in flight go on.
    void no_new_work(StopCause cause, std::string reason);
    /// Phase 2. Requests in flight are cancelled. Implies phase 1.
    void cancel(StopCause cause, std::string reason);

    std::stop_token no_new_work_token() const { return no_new_work_.get_token(); }
    std::stop_token cancel_token() const { return cancel_.get_token(); }
    StopCause cause() const;
    std::string reason() const;

  private:
    void note(StopCause cause, std::string reason);

    mutable Mutex mutex_;
    StopCause cause_ PAGEHAUL_GUARDED_BY(mutex_) = StopCause::none;
    std::string reason_ PAGEHAUL_GUARDED_BY(mutex_);
    std::stop_source no_new_work_;
    std::stop_source cancel_;
};

}  // namespace pagehaul
