#include "ledger/claims.h"

#include <algorithm>
#include <tuple>

#include "core/join.h"
#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

// One round trip, an implicit transaction. `fence` is what begin_fenced asks, here as the condition of the
// claim; the snapshot is taken after the advisory lock. OF p: without it a second claimer gets nothing.
// By index: right after planning the planner expects no page of this run, and sorts all of them for each
// claim, 1.6 s at 1,000,000. KEY SHARE OF s: a poll that starts the next pass holds the slice FOR UPDATE, so
// that no page of the old pass is leased behind its back; commits that update the slice do not disturb.
constexpr std::string_view claim_sql = R"(
{by_index}
SELECT pg_advisory_xact_lock_shared({advisory});
WITH fence AS MATERIALIZED (
    SELECT 1 FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id
    WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND r.state = 'running' FOR KEY SHARE OF l),
due AS MATERIALIZED (
    SELECT p.id FROM {s}.page p JOIN {s}.slice s ON s.id = p.slice_id
    WHERE (SELECT count(*) FROM fence) > 0
      AND p.run_id = {run} AND p.state = 'pending' AND (p.slice_id, p.no) > {after} AND {due} AND {which}
      AND s.state = 'open' AND s.drift IS NULL AND s.pass = p.pass
    ORDER BY p.slice_id, p.no LIMIT {limit}
    FOR UPDATE OF p SKIP LOCKED FOR KEY SHARE OF s SKIP LOCKED),
leased AS (
    UPDATE {s}.page p SET state = 'leased', epoch = p.epoch + 1, worker = {worker}, leased_at = {s}.clock()
    FROM due WHERE p.id = due.id
    RETURNING p.id, p.slice_id, p.pass, p.no, p.epoch, p.attempts, p.claims)
SELECT l.id, l.slice_id, s.key, s.params, l.pass, l.no, l.epoch, l.attempts, l.claims, s.total, s.planned,
    CASE WHEN l.no = 0 THEN (SELECT b.fetched FROM {s}.page b
        WHERE b.slice_id = l.slice_id AND b.pass = l.pass AND b.no = s.planned AND b.no > 0) END
FROM leased l JOIN {s}.slice s ON s.id = l.slice_id)";

std::vector<Claim> claim_those(postgres::Connection& connection, const Scope& scope, std::string_view which,
                               int limit, Due due, const Place& after) {
    const std::string is_due = due == Due::now ? fill("p.not_before <= (SELECT {s}.clock())", scope) : "true";
    const auto rows =
        connection.exec(fill(claim_sql, scope,
                             {{"which", std::string(which)},
                              {"due", is_due},
                              {"after", row({std::to_string(after.slice_id), std::to_string(after.no)})},
                              {"limit", std::to_string(limit)},
                              {"by_index", std::string(by_index)}}));
    std::vector<Claim> claims;
    claims.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        claims.push_back({.page_id = rows.integer(i, 0),
                          .slice_id = rows.integer(i, 1),
                          .slice_key = rows.text(i, 2),
                          .slice_params = rows.text(i, 3),
                          .pass = static_cast<int>(rows.integer(i, 4)),
                          .no = rows.integer(i, 5),
                          .epoch = rows.integer(i, 6),
                          .attempts = static_cast<int>(rows.integer(i, 7)),
                          .claims = static_cast<int>(rows.integer(i, 8)),
                          .alone = rows.integer(i, 8) >= 2,
                          .total = optional_integer(rows[i][9]),
                          .planned = optional_integer(rows[i][10]).value_or(0),
                          .last_fetched = optional_integer(rows[i][11]).value_or(0)});
    // Here and not in SQL, where it would be an order to read every slice by.
    std::sort(claims.begin(), claims.end(), [](const Claim& one, const Claim& other) {
        return std::tie(one.slice_id, one.no) < std::tie(other.slice_id, other.no);
    });
    return claims;
}

// The pages of a slice that failed meanwhile stay as they are told: nobody claims them.
// NULL tells that the fence did not let us through.
constexpr std::string_view record_sql = R"(
SELECT pg_advisory_xact_lock_shared({advisory});
WITH fence AS MATERIALIZED (
    SELECT 1 FROM {s}.pipeline_lock l JOIN {s}.run r ON r.id = l.run_id
    WHERE l.pipeline = {pipeline} AND l.run_id = {run} AND r.state = 'running' FOR KEY SHARE OF l),
told (id, epoch, failure, counted, tried, delay_ms, error, payload) AS (VALUES {rows}),
-- By primary key and locked first; with the lease among its conditions the planner would scan every leased page.
page_now AS MATERIALIZED (
    SELECT id, epoch, state, worker FROM {s}.page WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE),
changed AS (
    UPDATE {s}.page p SET
        state = CASE WHEN t.failure IS NULL THEN 'pending' ELSE 'failed' END,
        failure = t.failure, attempts = p.attempts + t.counted, setbacks = p.setbacks + t.tried, claims = 0, worker = NULL, leased_at = NULL,
        not_before = {s}.clock() + t.delay_ms * interval '1 millisecond',
        error = coalesce(nullif(t.error, ''), p.error)
    FROM told t JOIN page_now n ON n.id = t.id
    WHERE (SELECT count(*) FROM fence) > 0
      AND p.id = n.id AND n.epoch = t.epoch AND n.state = 'leased' AND n.worker = {worker}
    RETURNING p.id, p.slice_id, p.pass, p.no, t.failure, t.counted, t.tried, t.error, t.payload),
-- By cause: peers that count the same causes take their rows in one order.
by_cause AS (
    INSERT INTO {s}.setback AS b (run_id, cause, counted, times, first_at, last_at)
    SELECT {run}, left(c.error, 200), sum(c.counted), count(*), {s}.clock(), {s}.clock() FROM changed c
    WHERE c.tried = 1 GROUP BY left(c.error, 200) ORDER BY left(c.error, 200)
    ON CONFLICT (run_id, cause) DO UPDATE SET counted = b.counted + excluded.counted,
        times = b.times + excluded.times, last_at = excluded.last_at),
quarantined AS (
    INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, reason, payload)
    SELECT {run}, c.slice_id, c.pass, c.no, c.error, c.payload FROM changed c WHERE c.failure IS NOT NULL)
SELECT CASE WHEN (SELECT count(*) FROM fence) > 0 THEN (SELECT count(*) FROM changed) END)";

std::string failure_of(Setback::Kind kind) {
    switch (kind) {
        case Setback::Kind::again:
        case Setback::Kind::returned:
            return "NULL::text";
        case Setback::Kind::unavailable:
            return "'unavailable'";
        case Setback::Kind::refused:
            return "'refused'";
    }
    throw Failure(ErrorKind::bug, "ledger", "a setback of no kind");
}

std::string setback_row(const Setback& setback) {
    const bool again = setback.kind == Setback::Kind::again;
    const bool counted = setback.counts && (again || setback.kind == Setback::Kind::unavailable);
    const bool tried = setback.kind != Setback::Kind::returned;
    const std::int64_t delay = again ? setback.delay.count() : 0;
    return row({std::to_string(setback.claim.page_id) + "::bigint",
                std::to_string(setback.claim.epoch) + "::bigint", std::string(failure_of(setback.kind)),
                counted ? "1" : "0", tried ? "1" : "0", std::to_string(delay) + "::bigint",
                text_literal(setback.error), text_literal(setback.payload)});
}

}  // namespace

std::vector<Claim> claim(postgres::Connection& connection, const Scope& scope, int limit, bool nothing_held,
                         Due due, const Place& after) {
    if (limit <= 0) return {};
    auto claims = claim_those(connection, scope, "p.claims < 2", limit, due, after);
    const auto left = limit - static_cast<int>(claims.size());
    if (left > 0 && after.slice_id > 0)
        for (Claim& claim : claim_those(connection, scope, "p.claims < 2", left, due, {}))
            claims.push_back(std::move(claim));
    if (claims.empty() && nothing_held) claims = claim_those(connection, scope, "p.claims >= 2", 1, due, {});
    return claims;
}

std::optional<int> record(postgres::Connection& connection, const Scope& scope,
                          const std::vector<Setback>& setbacks) {
    if (setbacks.empty()) return 0;
    std::vector<std::int64_t> ids;
    for (const Setback& setback : setbacks)
        ids.push_back(setback.claim.page_id);
    const auto answer = connection.exec(
        fill(record_sql, scope, {{"rows", join(setbacks, ",", setback_row)}, {"ids", bigint_array(ids)}}));
    if (!answer[0][0]) return std::nullopt;
    return static_cast<int>(answer.integer(0, 0));
}

}  // namespace pagehaul::ledger
