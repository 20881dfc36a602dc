#include "ledger/passes.h"

#include "core/join.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view again_sql = R"(
moved AS (
    UPDATE {s}.slice s SET state = 'open', error = NULL, pass = s.pass + 1, first_pass = {first},
        total = NULL, planned = NULL, drift = NULL, halves = NULL, moved = m.why, proof = NULL, distinct_keys = NULL
    FROM moving m WHERE s.id = m.slice_id AND s.pass = m.pass AND s.state = m.state
    RETURNING s.id, s.pass),
dropped AS (
    DELETE FROM {s}.page p USING moved m
    WHERE p.slice_id = m.id AND p.pass < m.pass AND p.state IN ('pending', 'failed')),
released AS (
    DELETE FROM {s}.quarantine q USING moved m WHERE q.slice_id = m.id AND q.pass < m.pass)
INSERT INTO {s}.page (run_id, slice_id, pass, no) SELECT {run}, m.id, m.pass, 1 FROM moved m ORDER BY m.id;)";

constexpr std::string_view moving_sql =
    "WITH moving (slice_id, pass, why, state) AS (SELECT v.*, 'open' FROM (VALUES {rows}) v),";
constexpr std::string_view reopening_sql =
    "WITH moving (slice_id, pass, why, state) AS (SELECT id, pass, error, 'failed' FROM {s}.slice "
    "WHERE run_id = {run} AND state = 'failed'),";
// Of a slice without a page that `which` names there is nothing to pull again.
constexpr std::string_view renewing_sql = R"(
WITH moving (slice_id, pass, why, state) AS (SELECT s.id, s.pass, {why}, s.state FROM {s}.slice s
    WHERE s.run_id = {run} AND s.state IN ('open', 'proven')
      AND EXISTS (SELECT FROM {s}.page p
        WHERE p.slice_id = s.id AND p.pass = s.pass AND p.state = 'done' AND ({which}))
      AND NOT EXISTS (SELECT FROM {s}.page p WHERE p.slice_id = s.id AND p.state = 'leased')),)";

}  // namespace

std::variant<NextPass, PassesUsedUp> after_moved(const Policy& policy, int pass, int first_pass,
                                                 const std::string& why) {
    const int used = pass - first_pass + 1;
    if (used < policy.passes) return NextPass{why};
    return PassesUsedUp{"not proven in " + std::to_string(used) +
                        (used == 1 ? " pass" : " passes, the API moves while it is read") +
                        " (source.drift.passes): " + why};
}

std::string next_pass_statements(const Scope& scope, const std::vector<std::string>& rows) {
    return fill(moving_sql, scope, {{"rows", join(rows, ",")}}) +
           fill(again_sql, scope, {{"first", "s.first_pass"}});
}

std::string renew_statement(const Scope& scope, const std::string& why, const std::string& which) {
    return fill(renewing_sql, scope, {{"why", text_literal(why)}, {"which", which}}) +
           fill(again_sql, scope, {{"first", "s.pass + 1"}});
}

std::string reopen_statements(const Scope& scope) {
    return fill(reopening_sql, scope) + fill(again_sql, scope, {{"first", "s.pass + 1"}});
}

}  // namespace pagehaul::ledger
