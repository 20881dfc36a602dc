#include "ledger/statement.h"

#include <algorithm>
#include <charconv>

#include "core/digest.h"
#include "core/join.h"
#include "core/utf8.h"
#include "ledger/commit.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger {
namespace {

bool is_name(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text)
        if ((c < 'a' || c > 'z') && c != '_') return false;
    return true;
}

std::string value_of(std::string_view name, const Scope& scope, Variables more) {
    for (const auto& [key, value] : more)
        if (key == name) return value;
    if (name == "s") return postgres::quote_identifier(scope.schema);
    if (name == "pipeline") return text_literal(scope.pipeline);
    if (name == "run") return std::to_string(scope.run);
    if (name == "worker") return text_literal(scope.worker) + "::uuid";
    if (name == "by_catalog") return std::string(by_catalog);
    if (name == "advisory") return std::to_string(advisory_key(scope.schema, scope.pipeline));
    throw Failure(ErrorKind::bug, "ledger", "a statement has an unknown variable " + std::string(name));
}

}  // namespace

std::string fill(std::string_view sql, const Scope& scope, Variables more) {
    std::string out;
    out.reserve(sql.size() + 512);
    while (!sql.empty()) {
        const std::size_t open = sql.find('{');
        out.append(sql.substr(0, open));
        if (open == std::string_view::npos) break;
        const std::size_t close = sql.find('}', open);
        const std::string_view name =
            close == std::string_view::npos ? "" : sql.substr(open + 1, close - open - 1);
        if (!is_name(name)) throw Failure(ErrorKind::bug, "ledger", "a statement has a stray brace");
        out += value_of(name, scope, more);
        sql.remove_prefix(close + 1);
    }
    return out;
}

std::int64_t advisory_key(std::string_view schema, std::string_view pipeline) {
    return hash64("pagehaul pipeline " + std::string(schema) + '\0' + std::string(pipeline));
}

std::string text_literal(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        // The server refuses NUL, too.
        const std::size_t bytes = text[i] == '\0' ? 0 : utf8_character(text, i);
        clean += bytes == 0 ? "\xEF\xBF\xBD" : text.substr(i, bytes);
        i += std::max<std::size_t>(bytes, 1);
    }
    return postgres::quote_literal(clean);
}

std::string told_literal(const Scope& scope, std::string_view text) {
    return text_literal(scope.ascii_only ? escaped_beyond_ascii(text) : std::string(text));
}

std::string text_array(const std::vector<std::string>& values) {
    // As one literal: of a constructor each element is parsed and planned.
    const std::vector<std::optional<std::string>> elements(values.begin(), values.end());
    return text_literal(postgres::array_literal(elements)) + "::text[]";
}

std::string bigint_array(const std::vector<std::int64_t>& values) {
    return "'" + postgres::array_literal(values) + "'::bigint[]";
}

std::string nullable_bigint_array(const std::vector<std::optional<std::int64_t>>& values) {
    return "'{" + join(values, ",", optional_literal) + "}'::bigint[]";
}

std::string optional_literal(std::optional<std::int64_t> value) {
    return value ? std::to_string(*value) : "NULL";
}

std::string left_condition(std::string_view alias, const Scope& scope) {
    constexpr std::string_view sql =
        R"(({a}.carried_from IS NOT NULL AND ({a}.state = 'failed' OR ({a}.state = 'open'
    AND EXISTS (SELECT FROM {s}.page l WHERE l.run_id = {run} AND l.slice_id = {a}.id AND l.state = 'failed')
    AND NOT EXISTS (SELECT FROM {s}.page l WHERE l.run_id = {run} AND l.slice_id = {a}.id AND l.state = 'pending')
    AND NOT EXISTS (SELECT FROM {s}.page l WHERE l.run_id = {run} AND l.slice_id = {a}.id AND l.state = 'leased')))))";
    return fill(sql, scope, {{"a", std::string(alias)}});
}

std::string row(const std::vector<std::string>& fields) {
    return "(" + join(fields, ",") + ")";
}

std::string interval_literal(Millis span) {
    // Not in milliseconds: PostgreSQL 13 and 14 keep a field of an interval in an int, which 25 days of them
    // overflow.
    return "(" + std::to_string(span.count()) + " * interval '1 millisecond')";
}

std::string dead_condition(std::string_view alias, const Scope& scope, bool judge_time) {
    const std::string w(alias);
    std::string condition = "(" + w + ".stopped_at IS NOT NULL";
    if (judge_time)
        condition += " OR " + w + ".heartbeat_at <= " + postgres::quote_identifier(scope.schema) +
                     ".clock() - " + interval_literal(scope.stale);
    // backend_start tells a backend from a later one with the same pid; it is hidden between roles.
    if (!scope.pgbouncer)
        condition += " OR (" + w +
                     ".backend_start IS NOT NULL AND NOT EXISTS (SELECT FROM "
                     "pg_stat_get_activity(" +
                     w + ".backend_pid) a WHERE a.backend_start IS NULL OR a.backend_start = " + w +
                     ".backend_start))";
    return condition + ")";
}

std::optional<std::int64_t> optional_integer(const std::optional<std::string>& field) {
    if (!field) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), value);
    if (error != std::errc{} || end != field->data() + field->size())
        throw Failure(ErrorKind::bug, "ledger", "expected a number, the database answered " + *field);
    return value;
}

bool in_fence(postgres::Connection& connection, const Scope& scope, const std::function<void()>& work) {
    return again_after_deadlock(connection, [&] {
        if (!begin_fenced(connection, scope)) return false;
        work();
        connection.commit();
        return true;
    });
}

namespace {

// One round trip. Each statement takes its own snapshot, so what follows the advisory lock sees what its
// former holders committed. The lock row alone would do for safety, but sharers that overlap starve it.
constexpr std::string_view exclusive_sql = R"(
SET LOCAL lock_timeout = {patience};
SELECT pg_advisory_xact_lock({advisory});
INSERT INTO {s}.pipeline_lock (pipeline, expires_at) VALUES ({pipeline}, {s}.clock())
    ON CONFLICT (pipeline) DO NOTHING;
SELECT run_id FROM {s}.pipeline_lock WHERE pipeline = {pipeline} FOR UPDATE;
SELECT pg_stat_clear_snapshot())";

template <class Send>
bool exclusively(postgres::Connection& connection, const Scope& scope, Millis patience, const Send& send) {
    try {
        send(fill(exclusive_sql, scope, {{"patience", std::to_string(patience.count())}}));
        return true;
    } catch (const postgres::SqlError& error) {
        connection.rollback();
        if (error.sqlstate() == "55P03") return false;
        throw;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace

bool begin_exclusive(postgres::Connection& connection, const Scope& scope, Millis patience) {
    return exclusively(connection, scope, patience, [&](const std::string& sql) { connection.begin(sql); });
}

bool take_exclusive(postgres::Connection& connection, const Scope& scope, Millis patience) {
    return exclusively(connection, scope, patience, [&](const std::string& sql) { connection.exec(sql); });
}

}  // namespace pagehaul::ledger
