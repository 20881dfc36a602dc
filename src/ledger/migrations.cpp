#include "ledger/migrations.h"

#include "ledger/schema.h"
#include "ledger/statement.h"
#include "postgres/quoting.h"

namespace pagehaul::ledger {
namespace {

Scope scope_of(const std::string& schema) {
    return {.schema = schema, .pipeline = "", .worker = ""};
}

/// 42501 with the statement that an administrator needs; all else as it is.
[[noreturn]] void explain(postgres::Connection& connection, const std::string& schema,
                          const postgres::SqlError& error) {
    connection.rollback();
    if (error.sqlstate() != "42501") throw error;
    const auto who = connection.exec(
        "SELECT quote_ident(current_user), quote_ident(current_database()), EXISTS (SELECT FROM pg_namespace "
        "WHERE nspname = " +
        text_literal(schema) + ")");
    const std::string quoted = postgres::quote_identifier(schema);
    const std::string grant = who.boolean(0, 2)
                                  ? "GRANT USAGE, CREATE ON SCHEMA " + quoted + " TO " + who.text(0, 0) +
                                        "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " +
                                        quoted + " TO " + who.text(0, 0)
                                  : "GRANT CREATE ON DATABASE " + who.text(0, 1) + " TO " + who.text(0, 0);
    throw Failure(ErrorKind::config, "ledger.schema",
                  "the role of sink.dsn may not use or create the ledger's schema " + quoted + " (" +
                      error.error().message + "). As an administrator: " + grant);
}

constexpr std::string_view tables_exist_sql =
    "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = {name} AND c.relname = 'schema_version')";
constexpr std::string_view version_sql = "SELECT coalesce(max(version), 0) FROM {s}.schema_version";
// Of a ledger that is newer than this program, so the column is there. Each step serves whom it says, and the
// ledger whom all of them do.
constexpr std::string_view served_sql =
    "SELECT max(version), max(coalesce(serves_from, version)) FROM {s}.schema_version";

Installed read_installed(postgres::Connection& connection, const std::string& schema) {
    const Scope scope = scope_of(schema);
    const auto exists = connection.exec(fill(tables_exist_sql, scope, {{"name", text_literal(schema)}}));
    if (!exists.boolean(0, 0)) return {};
    const auto version = static_cast<int>(connection.exec(fill(version_sql, scope)).integer(0, 0));
    if (version <= newest_version()) return {.version = version, .serves_from = version};
    const auto record = connection.exec(fill(served_sql, scope));
    return {.version = static_cast<int>(record.integer(0, 0)),
            .serves_from = static_cast<int>(record.integer(0, 1))};
}

constexpr std::string_view lock_sql = "SELECT pg_advisory_xact_lock({key})";
// Not CREATE SCHEMA IF NOT EXISTS: that asks for CREATE on the database even where the schema exists.
constexpr std::string_view schema_exists_sql =
    "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = {name})";
constexpr std::string_view version_table_sql =
    "CREATE TABLE IF NOT EXISTS {s}.schema_version (version int PRIMARY KEY, "
    "applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";
constexpr std::string_view plain_step_sql = "INSERT INTO {s}.schema_version (version) VALUES ({version})";
constexpr int first_recorded = 17;  // the step that adds the column
constexpr std::string_view served_step_sql =
    "INSERT INTO {s}.schema_version (version, serves_from) VALUES ({version}, {serves_from})";

std::vector<int> apply(postgres::Connection& connection, const std::string& schema) {
    const Scope scope = scope_of(schema);
    // Any starter may migrate: the second one waits here, then finds nothing to do.
    connection.begin(fill(lock_sql, scope, {{"key", std::to_string(advisory_key(schema, "\nmigrate"))}}));
    const auto exists = connection.exec(fill(schema_exists_sql, scope, {{"name", text_literal(schema)}}));
    if (!exists.boolean(0, 0)) connection.exec(fill("CREATE SCHEMA {s}", scope));
    const Installed ledger = read_installed(connection, schema);
    refuse_unserved(ledger, schema);
    if (ledger.version == 0) connection.exec(fill(version_table_sql, scope));
    std::vector<int> applied;
    for (const SchemaStep& step : schema_steps()) {
        if (step.version <= ledger.version) continue;
        connection.exec(fill(step.sql, scope));
        connection.exec(fill(
            step.version < first_recorded ? plain_step_sql : served_step_sql, scope,
            {{"version", std::to_string(step.version)}, {"serves_from", std::to_string(step.serves_from)}}));
        applied.push_back(step.version);
    }
    connection.commit();
    return applied;
}

}  // namespace

void refuse_unserved(const Installed& ledger, const std::string& schema) {
    if (ledger.serves(newest_version())) return;
    throw Failure(ErrorKind::config, "ledger.schema",
                  "the ledger in schema " + postgres::quote_identifier(schema) + " has version " +
                      std::to_string(ledger.version) + " and serves programs that know version " +
                      std::to_string(ledger.serves_from) + " or newer, this pagehaul knows versions up to " +
                      std::to_string(newest_version()) +
                      ": use the newer pagehaul, or another ledger.schema");
}

int newest_version() {
    return schema_steps().back().version;
}

Installed installed(postgres::Connection& connection, const std::string& schema) {
    try {
        return read_installed(connection, schema);
    } catch (const postgres::SqlError& error) {
        explain(connection, schema, error);
    }
}

std::vector<int> migrate(postgres::Connection& connection, const std::string& schema) {
    // The usual start: nothing to do, and no lock to wait for.
    const Installed ledger = installed(connection, schema);
    refuse_unserved(ledger, schema);
    if (ledger.version >= newest_version()) return {};
    try {
        return apply(connection, schema);
    } catch (const postgres::SqlError& error) {
        explain(connection, schema, error);
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace pagehaul::ledger
