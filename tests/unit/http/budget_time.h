#pragma once

#include "http/leased_slots.h"

namespace pagehaul::http {

constexpr MonoTime kStart{std::chrono::seconds(1'000)};
/// The budget's clock of ours.
constexpr Nanos kAhead{std::chrono::seconds(1'700'000'000)};

inline BudgetTime budget_time(MonoTime time) {
    return BudgetTime(time.time_since_epoch() + kAhead);
}

}  // namespace pagehaul::http
