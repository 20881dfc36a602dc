#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/carry/hint_keeper.h"
#include "engine/carry/publishing.h"
#include "engine/claimer.h"
#include "engine/fetch/fetch_worker.h"
#include "engine/heartbeat.h"
#include "engine/part.h"
#include "engine/rate_keeper.h"
#include "engine/roster.h"
#include "engine/shared/context.h"
#include "engine/shared/grace.h"
#include "engine/write/committer.h"
#include "engine/write/slice_publisher.h"
#include "engine/write/targets.h"
#include "machine/sizing.h"

namespace pagehaul::engine {

struct CrewParts {
    SourceGate& gate;
    const Targets& targets;
    Heartbeat& heartbeat;
    const Grace& grace;
    postgres::ConnectOptions connect;               ///< of the claimer and the writers
    std::unique_ptr<postgres::Connection> claimer;  ///< its first connection, open already, then its last
    std::function<void(const ledger::RunState&)> on_state;
    Part part = Part::whole;
    std::optional<int> relay{};  ///< where hints come from, instead of the broker
};

/// The run's threads but the heartbeat's: a claimer, fetch workers, writers, the rate's keeper where there is
/// a rate, with a broker the two that speak with it, and the queues between them. `work` returns when they
/// have ended; src/engine/README.md, "Stop", phases 1 to 3.
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
    void start(Deadline deadline);
    void prepare_publisher(Deadline deadline);
    void prepare_carrying();
    void write(const std::string& role);  ///< a writer's thread
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
    std::atomic<int> writers_connected_ = 0;
    std::atomic<bool> fewer_writers_told_ = false;
    std::stop_source workers_joined_;
    std::stop_source flush_over_;
    std::stop_source asked_all_;   ///< nothing is sent any more
    std::stop_source hints_over_;  ///< no lease is left whose end the broker is to be told of
    HintBox hints_;
    std::unique_ptr<HintKeeper> hint_keeper_;  ///< null: no broker, or nothing is pulled here
    std::unique_ptr<Publishing> publishing_;   ///< null: no broker
    std::optional<RateKeeper> keeper_;
    std::unique_ptr<SlicePublisher> publisher_;  ///< null: proofs change nothing but the ledger
    Wake changed_;  ///< a thread ended, or a stop was asked for: wakes the waiting main thread
    Roster keepers_;
    Roster claimer_;
    Roster workers_;
    Roster writers_;
};

}  // namespace pagehaul::engine
