#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// What the ledger's statements are made from. For the folder's own files, and those of report/.

using Variables = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Replaces each `{name}` of `sql` by its variable: `{s}` the schema quoted, `{pipeline}`, `{run}`,
/// `{worker}`, `{advisory}` from the scope, `{by_catalog}`, others from `more`, pasted as they are: quote
/// them first. A name that is unknown is a bug; values are not searched again.
std::string fill(std::string_view sql, const Scope& scope, Variables more = {});

/// For the rest of the transaction: what has no schema before it is found in pg_catalog. A writer's
/// connection keeps the role's search_path for the target's triggers, and with it any function or operator
/// that fits a call of ours better than PostgreSQL's own.
constexpr std::string_view by_catalog = "SET LOCAL search_path = pg_catalog, pg_temp;";

/// For the rest of the transaction: follow the indexes. Statistics of a run are older than its pages, and a
/// plan that reads all of them is only cheap where there are few. Nor compile what looks dear without those.
constexpr std::string_view by_index =
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL "
    "enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off;";

/// The key of the pipeline's advisory lock. Two ledgers of one database do not share it.
std::int64_t advisory_key(std::string_view schema, std::string_view pipeline);

/// A quoted text literal; bytes that are not UTF-8, and NUL, become U+FFFD: texts come from an API.
std::string text_literal(std::string_view text);
/// The same of what an API or a config told. Where not every character fits into the database each one beyond
/// ASCII becomes \uXXXX, as in JSON: a payload stays the same JSON, and what refused a row can be stored.
std::string told_literal(const Scope& scope, std::string_view text);
std::string text_array(const std::vector<std::string>& values);
std::string bigint_array(const std::vector<std::int64_t>& values);
std::string nullable_bigint_array(const std::vector<std::optional<std::int64_t>>& values);
/// NULL, or the number.
std::string optional_literal(std::optional<std::int64_t> value);
std::string interval_literal(Millis span);
/// True for a slice of `scope.run` that an older run left, and that can go no further in this one either: it
/// failed, or a page of it did and no other is to come. It does not decide what becomes of the run.
std::string left_condition(std::string_view alias, const Scope& scope);
/// One row of a VALUES list, of fields that are SQL.
std::string row(const std::vector<std::string>& fields);

/// True for a row of `worker` that no longer works: it stopped, the backend of its heartbeat is gone (not
/// behind PgBouncer), or, only with `judge_time`, its heartbeat is stale. Fresh is the opposite, with
/// `judge_time`.
std::string dead_condition(std::string_view alias, const Scope& scope, bool judge_time);

std::optional<std::int64_t> optional_integer(const std::optional<std::string>& field);

/// Makes a transaction: `attempt` is the whole of it, again from its begin when a deadlock or another
/// serialization failure ends it, five times at most. Rolled back whenever it throws.
template <class Attempt>
auto again_after_deadlock(postgres::Connection& connection, const Attempt& attempt) {
    for (int tries = 1;; ++tries) {
        try {
            return attempt();
        } catch (const postgres::SqlError& error) {
            connection.rollback();
            if (!error.is_serialization() || tries == 5) throw;
        } catch (...) {
            connection.rollback();
            throw;
        }
    }
}

/// Runs `work` in a transaction of its own behind the fence, and commits it; again, whole, after a deadlock.
/// @return false when fenced: `work` has not run.
bool in_fence(postgres::Connection& connection, const Scope& scope, const std::function<void()>& work);

/// Opens a transaction that holds the pipeline's advisory lock exclusively, then its lock row FOR UPDATE
/// (made if missing): nobody else has a ledger transaction open then.
/// @return false (rolled back) when the lock was not free within `patience`.
bool begin_exclusive(postgres::Connection& connection, const Scope& scope, Millis patience);
/// The same in a transaction that is open already.
bool take_exclusive(postgres::Connection& connection, const Scope& scope, Millis patience);

}  // namespace pagehaul::ledger
