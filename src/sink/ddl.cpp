#include "sink/ddl.h"

#include <utility>

#include "core/digest.h"
#include "postgres/quoting.h"
#include "sink/columns.h"
#include "sink/inspect.h"
#include "sink/target.h"

namespace pagehaul::sink {
namespace {

constexpr const char* identity_sql = R"(
WITH RECURSIVE part (oid) AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
  UNION ALL
    SELECT i.inhrelid FROM pg_inherits i JOIN part ON part.oid = i.inhparent)
SELECT oid || ':' || coalesce(pg_relation_filenode(oid), 0) FROM part ORDER BY oid)";

constexpr const char* row_triggers_sql = R"(
WITH RECURSIVE part (oid) AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
  UNION ALL
    SELECT i.inhrelid FROM pg_inherits i JOIN part ON part.oid = i.inhparent)
SELECT EXISTS (SELECT FROM pg_trigger JOIN part ON part.oid = tgrelid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 3 = 3 AND tgtype & 20 <> 0))";

std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        if (!text.empty()) text += '\n';
        text += line;
    }
    return text;
}

/// What one statement says when the server refuses it, as a failure of the config.
void execute(postgres::Connection& connection, const std::string& sql) {
    try {
        connection.exec(sql);
    } catch (const postgres::SqlError& error) {
        if (error.connection_lost() || error.error().kind == ErrorKind::transient) throw;
        std::string hint;
        if (error.sqlstate() == "23505")
            hint = " (rows with equal keys are in the table: is sink.key complete?)";
        throw Failure(ErrorKind::config, "sink.table", sql + ": " + error.error().message + hint);
    }
}

void lock(postgres::Connection& connection, const std::string& what) {
    connection.exec("SELECT pg_advisory_xact_lock($1)", {std::to_string(hash64("pagehaul " + what))});
}

void create_what_is_missing(postgres::Connection& connection, const config::Sink& sink) {
    lock(connection, "target " + qualified_name(sink));
    Inspection found = inspect(connection, sink);
    // Pipelines of other tables may be about to make the same schema.
    if (!found.ddl.empty() && found.ddl.front() == create_schema_sql(sink)) {
        lock(connection, "schema " + sink.schema);
        found = inspect(connection, sink);
    }
    if (!found.misfits.empty()) throw Failure(ErrorKind::config, "", join_lines(found.misfits));
    if (found.ddl.empty()) return;
    // An index on a table with rows takes as long as it takes.
    connection.exec("SET LOCAL statement_timeout = 0");
    const postgres::Connection::Unlimited unlimited(connection);
    for (const std::string& statement : found.ddl)
        execute(connection, statement);
}

}  // namespace

std::string create_schema_sql(const config::Sink& sink) {
    return "CREATE SCHEMA " + postgres::quote_identifier(sink.schema);
}

std::string create_table_sql(const config::Sink& sink) {
    std::string sql = "CREATE TABLE " + qualified_name(sink) + " (\n";
    for (const config::Column& column : sink.columns) {
        sql += "    " + postgres::quote_identifier(column.name) + " " + sql_type(column);
        if (is_key(sink, column.name)) sql += " NOT NULL";
        sql += ",\n";
    }
    if (sink.vanished == config::Vanished::mark)
        sql += "    " + postgres::quote_identifier(config::kVanishedColumn) + " timestamptz,\n";
    if (!sink.key.empty()) return sql + "    PRIMARY KEY (" + name_list(sink.key) + ")\n)";
    sql.erase(sql.rfind(','), 1);
    return sql + ")";
}

std::string create_index_sql(const config::Sink& sink) {
    return "CREATE UNIQUE INDEX ON " + qualified_name(sink) + " (" + name_list(sink.key) + ")";
}

void ensure_target(postgres::Connection& connection, const config::Sink& sink) {
    // The usual start: all is there, nothing to wait for.
    const Inspection found = inspect(connection, sink);
    if (found.misfits.empty() && found.ddl.empty()) return;
    connection.begin();
    try {
        create_what_is_missing(connection, sink);
        connection.commit();
    } catch (...) {
        connection.rollback();
        throw;
    }
}

std::vector<std::string> target_identity(postgres::Connection& connection, const config::Sink& sink) {
    const postgres::Rows rows = connection.exec(identity_sql, {sink.schema, sink.table});
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < rows.size(); ++i)
        parts.push_back(rows.text(i, 0));
    return parts;
}

bool has_row_triggers(postgres::Connection& connection, const config::Sink& sink) {
    return connection.exec(row_triggers_sql, {sink.schema, sink.table}).boolean(0, 0);
}

TargetCheck check_target(postgres::Connection& connection, const config::Sink& sink) {
    Inspection found = inspect(connection, sink);
    return {.misfits = std::move(found.misfits), .ddl = std::move(found.ddl)};
}

}  // namespace pagehaul::sink
