#pragma once

#include <string>

#include "engine/shared/context.h"
#include "ledger/start.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// A start's wait for its turn, where another run holds the pipeline and it is to wait then. It looks now and
/// then, on one connection and without a lock, and says when it begins to wait, and for whom, and when it
/// goes on. Used by one thread; the connection is closed between two waits.
class Turn {
  public:
    /// `key`: of the run that the start is for. `scope`: of no run yet.
    Turn(const Context& context, postgres::ConnectOptions connect, ledger::Scope scope, std::string key)
        : context_(context), connect_(std::move(connect)), scope_(std::move(scope)), key_(std::move(key)) {}

    /// Waits while the pipeline is held; `holder` is then who was seen last. Throws Failure when the database
    /// stays away for longer than run.patience.
    /// @return false when a stop ended the wait.
    bool wait(ledger::Busy& holder);

  private:
    void tell_of(const ledger::Busy& holder);

    const Context& context_;
    const postgres::ConnectOptions connect_;
    const ledger::Scope scope_;
    const std::string key_;
};

}  // namespace pagehaul::engine
