#include "ledger/rate_budget.h"

#include <string>

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// Nobody waits for the disk while all others wait for the row. What a crash of the server forgets are the
// slots of half a second.
constexpr std::string_view budget_ask_sql = R"({by_catalog} SET LOCAL synchronous_commit = off;
INSERT INTO {s}.rate_budget AS b (pipeline, next_slot, handed, paused_until)
VALUES ({pipeline}, greatest({s}.clock() + {pause}, {s}.clock() - {tolerance}) + {span}, {slots},
    coalesce({s}.clock() + {pause}, 'epoch'))
ON CONFLICT (pipeline) DO UPDATE SET
    next_slot = greatest(b.next_slot, b.paused_until, {s}.clock() + {pause}, {s}.clock() - {tolerance}) + {span},
    handed = b.handed + {slots},
    paused_until = greatest(b.paused_until, {s}.clock() + {pause})
RETURNING (extract(epoch FROM next_slot - {span}) * 1000000)::bigint, handed,
    (extract(epoch FROM paused_until) * 1000000)::bigint, (extract(epoch FROM {s}.clock()) * 1000000)::bigint)";

constexpr std::string_view budget_look_sql = R"(
SELECT 0, coalesce(max(handed), 0), coalesce(max((extract(epoch FROM paused_until) * 1000000)::bigint), 0),
    (extract(epoch FROM {s}.clock()) * 1000000)::bigint
FROM {s}.rate_budget WHERE pipeline = {pipeline})";

std::string micros(std::optional<Micros> span) {
    return (span ? std::to_string(span->count()) : "NULL") + " * interval '1 microsecond'";
}

}  // namespace

BudgetAnswer ask_budget(postgres::Connection& connection, const Scope& scope, const BudgetAsk& ask) {
    const bool looks = ask.slots == 0 && !ask.pause;
    const auto rows = connection.exec(looks ? fill(budget_look_sql, scope)
                                            : fill(budget_ask_sql, scope,
                                                   {{"pause", micros(ask.pause)},
                                                    {"tolerance", micros(ask.tolerance)},
                                                    {"span", micros(ask.span)},
                                                    {"slots", std::to_string(ask.slots)}}));
    return {.from = Micros(rows.integer(0, 0)),
            .handed = rows.integer(0, 1),
            .pause = {.until = Micros(rows.integer(0, 2)), .now = Micros(rows.integer(0, 3))}};
}

}  // namespace pagehaul::ledger
