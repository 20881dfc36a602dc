#pragma once

#include <thread>

#include "core/stop.h"
#include "engine/shared/grace.h"

namespace pagehaul::engine {

/// Blocks SIGTERM and SIGINT in the calling thread and all threads made after it. First thing in main:
/// process 1 of a container has no default handlers, and a signal taken by another thread would be lost.
void block_signals();

/// The one thread that takes the blocked signals, by sigwait. The first asks `control` for phase 1, and
/// begins `grace` where it is SIGTERM; the second exits the process at once, which the ledger makes safe.
/// Made before any other thread; ends with its destructor.
class SignalThread {
  public:
    SignalThread(StopControl& control, Grace& grace);
    ~SignalThread();
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

  private:
    std::jthread thread_;
};

}  // namespace pagehaul::engine
