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
due AS MATERIALIZED ({due_pages}),
leased AS (
    UPDATE {s}.page p SET state = 'leased', epoch = p.epoch + 1, worker = {worker}, leased_at = {s}.clock()
    FROM due WHERE p.id = due.id
    RETURNING p.id, p.slice_id, p.pass, p.no, p.epoch, p.attempts, p.claims, p.token)
SELECT l.id, l.slice_id, s.key, s.params, l.pass, l.no, l.epoch, l.attempts, l.claims, s.total, s.planned,
    CASE WHEN l.no = 0 THEN (SELECT b.fetched FROM {s}.page b
        WHERE b.slice_id = l.slice_id AND b.pass = l.pass AND b.no = s.planned AND b.no > 0) END, l.token, s.stream
FROM leased l JOIN {s}.slice s ON s.id = l.slice_id)";

constexpr std::string_view due_of_all_sql = R"(
    SELECT p.id FROM {hinted}{s}.page p JOIN {s}.slice s ON s.id = p.slice_id
    WHERE (SELECT count(*) FROM fence) > 0
      AND p.run_id = {run} AND p.state = 'pending' AND {which} AND {due}
      AND s.state = 'open' AND s.drift IS NULL AND s.pass = p.pass
    ORDER BY p.slice_id, p.no LIMIT {limit}
    FOR UPDATE OF p SKIP LOCKED FOR KEY SHARE OF s SKIP LOCKED)";

// From the stream's slices to their pages: the other way round it would step over all that others have.
constexpr std::string_view due_of_stream_sql = R"(
    SELECT p.id FROM {s}.slice s CROSS JOIN LATERAL (
        SELECT p.id, p.no FROM {s}.page p
        WHERE p.run_id = {run} AND p.slice_id = s.id AND p.pass = s.pass AND p.state = 'pending' AND {which} AND {due}
        ORDER BY p.no LIMIT {limit} FOR UPDATE OF p SKIP LOCKED) p
    WHERE (SELECT count(*) FROM fence) > 0 AND s.run_id = {run} AND s.stream = {stream} AND s.state = 'open'
      AND s.id + 0 >= {first} AND s.drift IS NULL
    ORDER BY s.id + 0 LIMIT {limit} FOR KEY SHARE OF s SKIP LOCKED)";

/// Which pages may be claimed.
struct Which {
    std::string condition;
    std::string hinted;  ///< "… h, ": a relation to join with
    Due due = Due::now;
    std::optional<std::string> stream{};  ///< of this one alone
    std::int64_t first_slice = 0;
};

Which behind(const Place& after, std::string_view condition, Due due) {
    return {.condition = "(p.slice_id, p.no) > " +
                         row({std::to_string(after.slice_id), std::to_string(after.no)}) + " AND " +
                         std::string(condition),
            .hinted = "",
            .due = due};
}

std::vector<Claim> claim_those(postgres::Connection& connection, const Scope& scope, const Which& which,
                               int limit) {
    const std::string is_due =
        which.due == Due::now ? fill("p.not_before <= (SELECT {s}.clock())", scope) : "true";
    const std::string due_pages = fill(which.stream ? due_of_stream_sql : due_of_all_sql, scope,
                                       {{"which", which.condition},
                                        {"hinted", which.hinted},
                                        {"due", is_due},
                                        {"stream", text_literal(which.stream.value_or(""))},
                                        {"first", std::to_string(which.first_slice)},
                                        {"limit", std::to_string(limit)}});
    const auto rows = connection.exec(
        fill(claim_sql, scope, {{"due_pages", due_pages}, {"by_index", std::string(by_index)}}));
    std::vector<Claim> claims;
    claims.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        claims.push_back({.page_id = rows.integer(i, 0),
                          .slice_id = rows.integer(i, 1),
                          .stream = rows.text(i, 13),
                          .slice_key = rows.text(i, 2),
                          .slice_params = rows.text(i, 3),
                          .pass = static_cast<int>(rows.integer(i, 4)),
                          .no = rows.integer(i, 5),
                          .epoch = rows.integer(i, 6),
                          .attempts = static_cast<int>(rows.integer(i, 7)),
                          .claims = static_cast<int>(rows.integer(i, 8)),
                          .alone = rows.integer(i, 8) >= 2,
                          .token = rows[i][12].value_or(""),
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
told (id, epoch, failure, counted, tried, moved, delay_ms, whole_slice, halves, error, payload) AS (VALUES {rows}),
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
    RETURNING p.id, p.slice_id, p.pass, p.no, p.not_before, t.failure, t.counted, t.tried, t.moved, t.whole_slice,
        t.halves, t.error, t.payload),
-- By cause: peers that count the same causes take their rows in one order.
by_cause AS (
    INSERT INTO {s}.setback AS b (run_id, cause, counted, times, first_at, last_at)
    SELECT {run}, left(c.error, 200), sum(c.counted), count(*), {s}.clock(), {s}.clock() FROM changed c
    WHERE c.tried = 1 GROUP BY left(c.error, 200) ORDER BY left(c.error, 200)
    ON CONFLICT (run_id, cause) DO UPDATE SET counted = b.counted + excluded.counted,
        times = b.times + excluded.times, last_at = excluded.last_at),
drifted AS (
    UPDATE {s}.slice s SET drift = c.error, halves = nullif(c.halves, '') FROM changed c
    WHERE c.moved AND s.id = c.slice_id AND s.pass = c.pass AND s.state = 'open' AND s.drift IS NULL),
-- What is locked is being claimed, by somebody who will be told the same.
of_slice AS MATERIALIZED (
    SELECT p.id, c.not_before FROM {s}.page p
    JOIN (SELECT slice_id, pass, max(not_before) AS not_before FROM changed WHERE whole_slice GROUP BY slice_id, pass) c
        ON p.slice_id = c.slice_id AND p.pass = c.pass
    WHERE p.run_id = {run} AND p.state = 'pending' AND p.not_before < c.not_before
    ORDER BY p.id FOR UPDATE OF p SKIP LOCKED),
waiting AS (
    UPDATE {s}.page p SET not_before = o.not_before FROM of_slice o WHERE p.id = o.id),
quarantined AS (
    INSERT INTO {s}.quarantine (run_id, slice_id, pass, page_no, reason, payload)
    SELECT {run}, c.slice_id, c.pass, c.no, c.error, c.payload FROM changed c WHERE c.failure IS NOT NULL)
SELECT CASE WHEN (SELECT count(*) FROM fence) > 0 THEN (SELECT count(*) FROM changed) END)";

std::string failure_of(Setback::Kind kind) {
    switch (kind) {
        case Setback::Kind::again:
        case Setback::Kind::returned:
        case Setback::Kind::moved:
        case Setback::Kind::split:
            return "NULL::text";
        case Setback::Kind::unavailable:
            return "'unavailable'";
        case Setback::Kind::refused:
            return "'refused'";
    }
    throw Failure(ErrorKind::bug, "ledger", "a setback of no kind");
}

std::string setback_row(const Scope& scope, const Setback& setback) {
    const bool again = setback.kind == Setback::Kind::again;
    const bool counted = setback.counts && (again || setback.kind == Setback::Kind::unavailable);
    const bool splits = setback.kind == Setback::Kind::split;
    const bool tried = setback.kind != Setback::Kind::returned && !splits;
    const bool waits = again || setback.kind == Setback::Kind::returned;
    const std::int64_t delay = waits ? setback.delay.count() : 0;
    return row({std::to_string(setback.claim.page_id) + "::bigint",
                std::to_string(setback.claim.epoch) + "::bigint", std::string(failure_of(setback.kind)),
                counted ? "1" : "0", tried ? "1" : "0",
                splits || setback.kind == Setback::Kind::moved ? "true" : "false",
                std::to_string(delay) + "::bigint", again && setback.whole_slice ? "true" : "false",
                text_literal(setback.halves), told_literal(scope, setback.error),
                told_literal(scope, setback.payload)});
}

}  // namespace

std::vector<Claim> claim(postgres::Connection& connection, const Scope& scope, int limit, bool nothing_held,
                         Due due, const Place& after) {
    if (limit <= 0) return {};
    auto claims = claim_those(connection, scope, behind(after, "p.claims < 2", due), limit);
    const auto left = limit - static_cast<int>(claims.size());
    if (left > 0 && after.slice_id > 0)
        for (Claim& claim : claim_those(connection, scope, behind({}, "p.claims < 2", due), left))
            claims.push_back(std::move(claim));
    if (claims.empty() && nothing_held)
        claims = claim_those(connection, scope, behind({}, "p.claims >= 2", due), 1);
    return claims;
}

std::vector<Claim> claim_of_stream(postgres::Connection& connection, const Scope& scope,
                                   const std::string& stream, int limit, const Place& after) {
    if (limit <= 0) return {};
    Which which = behind(after, "p.claims < 2", Due::now);
    which.stream = stream;
    which.first_slice = after.slice_id;
    auto claims = claim_those(connection, scope, which, limit);
    const int left = limit - static_cast<int>(claims.size());
    if (left == 0 || after.slice_id == 0) return claims;
    Which front = behind({}, "p.claims < 2", Due::now);
    front.stream = stream;
    for (Claim& claim : claim_those(connection, scope, front, left))
        claims.push_back(std::move(claim));
    return claims;
}

std::vector<Claim> claim_hinted(postgres::Connection& connection, const Scope& scope,
                                const std::vector<Place>& hints) {
    if (hints.empty()) return {};
    std::vector<std::int64_t> slices;
    std::vector<std::int64_t> numbers;
    for (const Place& hint : hints) {
        slices.push_back(hint.slice_id);
        numbers.push_back(hint.no);
    }
    return claim_those(
        connection, scope,
        {.condition = "p.slice_id = h.slice_id AND p.no = h.no AND p.claims < 2",
         .hinted = "unnest(" + bigint_array(slices) + ", " + bigint_array(numbers) + ") h (slice_id, no), "},
        static_cast<int>(hints.size()));
}

std::optional<int> record(postgres::Connection& connection, const Scope& scope,
                          const std::vector<Setback>& setbacks) {
    if (setbacks.empty()) return 0;
    std::vector<std::int64_t> ids;
    for (const Setback& setback : setbacks)
        ids.push_back(setback.claim.page_id);
    const auto answer = connection.exec(
        fill(record_sql, scope,
             {{"rows", join(setbacks, ",", [&](const Setback& told) { return setback_row(scope, told); })},
              {"ids", bigint_array(ids)}}));
    if (!answer[0][0]) return std::nullopt;
    return static_cast<int>(answer.integer(0, 0));
}

}  // namespace pagehaul::ledger
