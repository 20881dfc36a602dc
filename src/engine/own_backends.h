#pragma once

#include <stop_token>
#include <thread>

#include "core/clock.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

/// Ends the server's side of all connections opened with these options, found by their application_name: a
/// statement that waits there for a lock ends, and its caller sees the connection lost. About 2 s at most;
/// what fails is logged.
void end_own_backends(const postgres::ConnectOptions& own);

/// While it lives, a requested stop ends the connections opened with these options half a second later, and
/// again every half second: for work on the database that has no limit of its own. Has a thread; destroying
/// it joins.
class EndsWaits {
  public:
    EndsWaits(postgres::ConnectOptions own, const Clock& clock, std::stop_token stop);

  private:
    std::jthread thread_;
};

}  // namespace pagehaul::engine
