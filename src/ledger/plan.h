#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ledger/prove_at_once.h"
#include "ledger/types.h"

namespace pagehaul::ledger {

/// What page 1 plans: pages 2..last of its pass. `planned` is set when the end is known already.
struct PagePlan {
    std::int64_t last = 1;
    std::optional<std::int64_t> planned;
};
/// The slice fails, 65, and says why.
struct PlanRefused {
    std::string why;
};
/// Pure: src/ledger/README.md, "Page 1". Without a total the plan is the first window.
/// `nothing`: PageResult's.
std::variant<PagePlan, PlanRefused> plan_from_page_one(const Policy& policy, std::int64_t fetched,
                                                       std::optional<std::int64_t> total,
                                                       bool nothing = false);

/// The statements, each ended by ';', that a commit of these pages needs for their slices: fail them, mark
/// drift, plan pages 2..n. Empty when it needs none. `total` of a page past page 1 counts only if the policy
/// says that it is told on every page. Those of `proven` are planned.
std::string plan_statements(const Scope& scope, const Policies& policies,
                            const std::vector<const PageResult*>& pages, const ProvenSlices& proven);

/// Fails open slices: `rows` are (slice id, pass, why) as SQL. Their pending pages go: nobody will claim
/// them, and every claimer would step over them.
std::string fail_statements(const Scope& scope, const std::vector<std::string>& rows);

}  // namespace pagehaul::ledger
