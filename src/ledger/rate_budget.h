#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

using Micros = std::chrono::microseconds;

/// A pause that holds for all processes of a pipeline: since the epoch, by the database's clock.
struct SharedPause {
    Micros until{0};
    Micros now{0};  ///< when it was read
};

/// What a process wants of the budget of its pipeline's rate: any of it.
struct BudgetAsk {
    std::int64_t slots = 0;
    Micros span{0};                    ///< of the slots together
    Micros tolerance{0};               ///< how far behind the clock they may begin after a quiet time
    std::optional<Micros> pause = {};  ///< the API has asked for one, so long from now
};

struct BudgetAnswer {
    Micros from{0};           ///< where the slots begin, since the epoch
    std::int64_t handed = 0;  ///< slots that any process was handed, these included
    SharedPause pause{};
};

/// One statement, which commits by itself: slots are handed out in the order of the answers, each once,
/// `span` apart, and none before the pause is over. Repeated after a lost answer it costs the slots of the
/// first.
BudgetAnswer ask_budget(postgres::Connection& connection, const Scope& scope, const BudgetAsk& ask);

}  // namespace pagehaul::ledger
