#include "sink/inspect.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "postgres/quoting.h"
#include "sink/columns.h"
#include "sink/ddl.h"

namespace pagehaul::sink {
namespace {

using postgres::quote_identifier;
using postgres::Rows;

constexpr const char* schema_sql = R"(
SELECT current_user, current_database(),
       has_database_privilege(current_database(), 'CREATE'),
       has_database_privilege(current_database(), 'TEMPORARY'),
       n.oid IS NOT NULL, has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE')
FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1)";

constexpr const char* table_sql = R"(
SELECT c.oid, c.relkind, c.relpersistence, c.relrowsecurity,
       has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
           AND has_table_privilege(c.oid, 'UPDATE'),
       pg_has_role(c.relowner, 'USAGE'),
       (SELECT string_agg(quote_ident(rulename), ', ' ORDER BY rulename) FROM pg_rewrite
        WHERE ev_class = c.oid AND ev_type IN ('2', '3') AND ev_enabled <> 'D'),
       (SELECT string_agg(quote_ident(tgname), ', ' ORDER BY tgname) FROM pg_trigger
        WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled IN ('O', 'A')
          AND tgtype & 3 = 3 AND tgtype & 20 <> 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2)";

// Domains are followed down to the type they are made of; the modifier is the column's, or that of the domain
// that has one.
constexpr const char* columns_sql = R"(
WITH RECURSIVE base AS (
    SELECT a.attnum, t.typname, t.typtype, t.typbasetype, t.typnotnull,
           CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE t.typtypmod END AS modifier
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
    SELECT b.attnum, t.typname, t.typtype, t.typbasetype, b.typnotnull OR t.typnotnull,
           CASE WHEN b.modifier >= 0 THEN b.modifier ELSE t.typtypmod END
    FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
)
SELECT a.attname, b.typname, format_type(a.atttypid, a.atttypmod), a.attnotnull OR b.typnotnull,
       a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', a.attidentity = 'a',
       coalesce(l.collisdeterministic, true), l.collname, CASE WHEN b.modifier >= 0 THEN b.modifier END
FROM pg_attribute a JOIN base b ON b.attnum = a.attnum AND b.typtype <> 'd'
     LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1::oid
ORDER BY a.attnum)";

// Unique indexes: their key columns in name order (none of an expression), and what makes them unfit.
constexpr const char* indexes_sql = R"(
SELECT quote_ident(c.relname),
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
             ORDER BY a.attname::text COLLATE "C") = $2::text[],
       i.indisvalid, i.indimmediate, i.indpred IS NULL, i.indexprs IS NULL,
       NOT EXISTS (SELECT FROM unnest(i.indcollation::oid[]) o JOIN pg_collation l ON l.oid = o
                   WHERE NOT l.collisdeterministic),
       NOT EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) n
                   JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
                   WHERE a.attcollation <> i.indcollation[n])
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::oid AND i.indisunique
ORDER BY c.relname)";

struct TableColumn {
    std::string base_type;  ///< pg_type's name, domains resolved
    std::string shown_type;
    bool not_null = false;
    bool has_default = false;
    bool generated = false;
    bool always_identity = false;
    bool deterministic = true;
    std::string collation;
    std::optional<std::int64_t> modifier;  ///< pg_attribute.atttypmod, domains resolved
    bool filled = false;                   ///< the config names it
};

/// Whether storing a value of `wanted` may change it without an error: rounded, or cut at blanks.
bool modifier_changes_values(const TableColumn& column, config::ColumnType wanted) {
    if (!column.modifier) return false;
    if (column.base_type == "numeric") {
        // PostgreSQL's numeric_typmod_scale: eleven bits with a sign. Whole numbers lose digits only to the
        // left of the point, where the scale is negative; too many digits are an error.
        const std::int64_t scale = (((*column.modifier - 4) & 0x7ff) ^ 1024) - 1024;
        return wanted == config::ColumnType::numeric || scale < 0;
    }
    if (column.base_type == "timestamp" || column.base_type == "timestamptz") return *column.modifier < 6;
    return column.base_type == "varchar" || column.base_type == "bpchar";
}

/// Collects misfits; one a line, each with the config's place.
class Examiner {
  public:
    Examiner(postgres::Connection& connection, const config::Sink& sink)
        : connection_(connection), sink_(sink), table_(qualified_name(sink)) {}

    Inspection run() {
        check_key_types();
        if (check_schema()) check_table();
        return std::move(found_);
    }

  private:
    void misfit(const std::string& place, const std::string& text) {
        found_.misfits.push_back(place + ": " + text);
    }

    std::string place(std::size_t column) const {
        return "sink.columns[" + std::to_string(column) + "] " + sink_.columns[column].name;
    }

    void check_key_types() {
        for (std::size_t i = 0; i < sink_.columns.size(); ++i) {
            const auto type = sink_.columns[i].type;
            if (is_key(sink_, sink_.columns[i].name) &&
                (type == config::ColumnType::double_precision || type == config::ColumnType::jsonb))
                misfit(place(i),
                       std::string(sql_type(type)) + " cannot be a key: equal values have several forms");
        }
    }

    /// @return whether there can be a table to look at.
    bool check_schema() {
        const Rows row = connection_.exec(schema_sql, {sink_.schema});
        role_ = quote_identifier(row.text(0, 0));
        const std::string database = quote_identifier(row.text(0, 1));
        if (!row.boolean(0, 3))
            misfit("sink.dsn", "role " + role_ +
                                   " may not create temporary tables: GRANT TEMPORARY ON DATABASE " +
                                   database + " TO " + role_);
        found_.schema_exists = row.boolean(0, 4);
        const std::string schema = quote_identifier(sink_.schema);
        if (!found_.schema_exists) {
            if (!row.boolean(0, 2))
                misfit("sink.table", "schema " + schema + " does not exist, and role " + role_ +
                                         " may not create it: GRANT CREATE ON DATABASE " + database + " TO " +
                                         role_ + ", or CREATE SCHEMA " + schema + " AUTHORIZATION " + role_);
            return false;
        }
        if (!row.boolean(0, 5)) {
            misfit("sink.table", "role " + role_ + " may not use schema " + schema +
                                     ": GRANT USAGE ON SCHEMA " + schema + " TO " + role_);
            return false;
        }
        may_create_ = row.boolean(0, 6);
        return true;
    }

    void check_table() {
        const Rows row = connection_.exec(table_sql, {sink_.schema, sink_.table});
        if (row.empty()) {
            if (!may_create_)
                misfit("sink.table", table_ + " does not exist, and role " + role_ +
                                         " may not create it: GRANT CREATE ON SCHEMA " +
                                         quote_identifier(sink_.schema) + " TO " + role_);
            return;
        }
        found_.table_exists = true;
        const std::string& kind = row.text(0, 1);
        if (kind != "r" && kind != "p") {
            misfit("sink.table", table_ + " is " + kind_name(kind) + ", expected a table");
            return;
        }
        const std::string& oid = row.text(0, 0);
        if (row.text(0, 2) == "u")
            misfit("sink.table", table_ + " is unlogged and empty after a crash of the server: ALTER TABLE " +
                                     table_ + " SET LOGGED");
        else if (row.text(0, 2) != "p")
            misfit("sink.table", table_ + " is a temporary table");
        if (row.boolean(0, 3))
            misfit("sink.table", table_ + " has row security, which may hide rows from us: ALTER TABLE " +
                                     table_ + " DISABLE ROW LEVEL SECURITY");
        if (!row.boolean(0, 4))
            misfit("sink.table", "role " + role_ + " may not read and write " + table_ +
                                     ": GRANT SELECT, INSERT, UPDATE ON " + table_ + " TO " + role_);
        if (row[0][6])
            misfit("sink.table", table_ + " has rules on INSERT or UPDATE (" + *row[0][6] +
                                     "), which rewrite our statements: drop them");
        if (row[0][7])
            misfit("sink.table",
                   table_ + " has triggers BEFORE INSERT or UPDATE of each row (" + *row[0][7] +
                       "), which may suppress or change rows: make them AFTER triggers, or pull into a "
                       "table without them");
        check_columns(oid);
        check_index(oid, row.boolean(0, 5) && kind == "r");
    }

    static std::string kind_name(const std::string& relkind) {
        if (relkind == "v") return "a view";
        if (relkind == "m") return "a materialized view";
        if (relkind == "f") return "a foreign table";
        if (relkind == "S") return "a sequence";
        if (relkind == "i" || relkind == "I") return "an index";
        return "no table (relkind " + relkind + ")";
    }

    void check_columns(const std::string& oid) {
        const Rows rows = connection_.exec(columns_sql, {oid});
        std::vector<std::pair<std::string, TableColumn>> table;
        for (std::size_t i = 0; i < rows.size(); ++i)
            table.emplace_back(
                rows.text(i, 0),
                TableColumn{.base_type = rows.text(i, 1),
                            .shown_type = rows.text(i, 2),
                            .not_null = rows.boolean(i, 3),
                            .has_default = rows.boolean(i, 4),
                            .generated = rows.boolean(i, 5),
                            .always_identity = rows.boolean(i, 6),
                            .deterministic = rows.boolean(i, 7),
                            .collation = rows[i][8].value_or(""),
                            .modifier = rows[i][9] ? std::optional(rows.integer(i, 9)) : std::nullopt});
        for (std::size_t i = 0; i < sink_.columns.size(); ++i) {
            const config::Column& wanted = sink_.columns[i];
            const auto column = std::find_if(table.begin(), table.end(),
                                             [&](const auto& entry) { return entry.first == wanted.name; });
            if (column == table.end()) {
                misfit(place(i), "the table has no such column: ALTER TABLE " + table_ + " ADD COLUMN " +
                                     quote_identifier(wanted.name) + " " +
                                     std::string(sql_type(wanted.type)));
                continue;
            }
            column->second.filled = true;
            check_column(place(i), wanted, column->second);
        }
        for (const auto& [name, column] : table)
            if (!column.filled && column.not_null && !column.has_default && !column.generated)
                misfit("sink.columns",
                       "column " + quote_identifier(name) +
                           " of the table is NOT NULL without a default, and the config does not fill it");
    }

    void check_column(const std::string& where, const config::Column& wanted, const TableColumn& column) {
        if (!accepts(column.base_type, wanted.type))
            misfit(where, "the table has " + column.shown_type + ", the config says " +
                              std::string(sql_type(wanted.type)));
        if (column.generated) misfit(where, "the table generates this column: nothing can be stored in it");
        if (column.always_identity)
            misfit(where,
                   "the table has this column GENERATED ALWAYS AS IDENTITY: nothing can be stored in it");
        if (!is_key(sink_, wanted.name)) return;
        if (!column.not_null)
            misfit(where, "a key column must be NOT NULL: ALTER TABLE " + table_ + " ALTER COLUMN " +
                              quote_identifier(wanted.name) + " SET NOT NULL");
        if (column.base_type == "citext")
            misfit(where, "citext cannot be a key: it calls texts equal that differ");
        if (accepts(column.base_type, wanted.type) && modifier_changes_values(column, wanted.type))
            misfit(where,
                   column.shown_type +
                       " cannot be a key's: it rounds or cuts values and makes keys equal that differ: "
                       "ALTER TABLE " +
                       table_ + " ALTER COLUMN " + quote_identifier(wanted.name) + " TYPE " +
                       std::string(sql_type(wanted.type)));
        if (!column.deterministic)
            misfit(where, "collation " + quote_identifier(column.collation) +
                              " cannot be a key's: it is nondeterministic and calls texts equal that differ");
    }

    void check_index(const std::string& oid, bool may_create) {
        std::vector<std::string> key = sink_.key;
        std::sort(key.begin(), key.end());
        const std::vector<postgres::Param> names(key.begin(), key.end());
        const Rows rows = connection_.exec(indexes_sql, {oid, postgres::array_literal(names)});
        std::string near_misses;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!rows.boolean(i, 1)) continue;
            const std::optional<std::string> unfit = unfitness(rows, i);
            if (!unfit) return;
            near_misses += "; " + rows.text(i, 0) + " does not serve: it is " + *unfit;
        }
        if (may_create) {
            found_.index_missing = true;
            return;
        }
        misfit("sink.key", table_ + " has no unique index on exactly (" + name_list(sink_.key) + ")" +
                               near_misses + ": " + create_index_sql(sink_));
    }

    static std::optional<std::string> unfitness(const Rows& rows, std::size_t i) {
        if (!rows.boolean(i, 2)) return "invalid (REINDEX or drop it)";
        if (!rows.boolean(i, 3)) return "deferrable";
        if (!rows.boolean(i, 4)) return "partial";
        if (!rows.boolean(i, 5)) return "on an expression";
        if (!rows.boolean(i, 6)) return "of a nondeterministic collation";
        // The merge asks for each key by the column's own collation: without an index, row by row.
        if (!rows.boolean(i, 7)) return "of another collation than its column";
        return std::nullopt;
    }

    postgres::Connection& connection_;
    const config::Sink& sink_;
    std::string table_;
    std::string role_;
    bool may_create_ = false;
    Inspection found_;
};

}  // namespace

Inspection inspect(postgres::Connection& connection, const config::Sink& sink) {
    return Examiner(connection, sink).run();
}

}  // namespace pagehaul::sink
