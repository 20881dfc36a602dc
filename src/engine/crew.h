#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "engine/claimer.h"
#include "engine/fetch/fetch_worker.h"
#include "engine/heartbeat.h"
#include "engine/roster.h"
#include "engine/shared/context.h"
#include "engine/write/committer.h"
#include "machine/sizing.h"
#include "sink/upsert.h"

namespace pagehaul::engine {

struct CrewParts {
    SourceGate& gate;
    const sink::Upsert& upsert;
    Heartbeat& heartbeat;
    postgres::ConnectOptions connect;               ///< of the claimer and the writers
    std::unique_ptr<postgres::Connection> claimer;  ///< its first connection, open already, then its last
    std::function<void(const ledger::RunState&)> on_state;
};

/// The run's threads but the heartbeat's: a claimer, fetch workers, writers, and the queues between them.
/// `work` returns when they have ended; src/engine/README.md, "Stop", phases 1 to 3.
class Crew {
  public:
    Crew(Context& context, const machine::Sizing& sizing, CrewParts parts);

    /// Works until the run is over, can go no further, or a stop was asked for and carried out. `deadline`:
    /// the end of run.deadline; phase 1 begins run.drain before it.
    /// @return false when a thread did not end in time: the process must then exit without destroying
    /// anything.
    bool work(Deadline deadline);

    /// After work(): the claimer's connection, whose caches are warm; null when the claimer failed.
    std::unique_ptr<postgres::Connection> take_connection() { return std::move(parts_.claimer); }

    std::int64_t queued() const { return static_cast<std::int64_t>(jobs_.size()); }

  private:
    void start();
    void wait_for_end(Deadline deadline);
    bool stop_in_phases(MonoTime drain_end);
    bool end_backends_and_join();
    SessionOptions session_for(std::string role) const;

    Context& context_;
    const machine::Sizing& sizing_;
    CrewParts parts_;
    ClaimQueue jobs_;
    Pages pages_;
    Outbox outbox_;
    std::stop_source workers_joined_;
    std::stop_source flush_over_;
    Wake changed_;  ///< a thread ended, or a stop was asked for: wakes the waiting main thread
    Roster claimer_;
    Roster workers_;
    Roster writers_;
};

}  // namespace pagehaul::engine
