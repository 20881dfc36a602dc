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
           AND has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE'),
       pg_has_role(c.relowner, 'USAGE'),
       (SELECT string_agg(quote_ident(rulename), ', ' ORDER BY rulename) FROM pg_rewrite
        WHERE ev_class = c.oid AND ev_type = ANY ($3::"char"[]) AND ev_enabled <> 'D'),
       (SELECT string_agg(quote_ident(tgname), ', ' ORDER BY tgname) FROM pg_trigger
        WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled IN ('O', 'A')
          AND tgtype & 3 = 3 AND tgtype & 20 <> 0)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2)";

// Of the schema's spelling too, where that does not exist as it is written.
constexpr const char* other_spelling_sql = R"(
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), n.nspname || '.' || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY n.nspname = $1 DESC, 1 LIMIT 1)";

// Domains are followed down to the type they are made of, arrays to that of their elements (int2vector and
// the like, which are written otherwise, are none); the modifier is the column's, or that of the domain that
// has one.
constexpr const char* columns_sql = R"(
WITH RECURSIVE made AS (
    SELECT t.oid, t.typname, t.typtype, t.typnotnull, t.typtypmod,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE e.oid END AS of
    FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
), base AS (
    SELECT a.attnum, t.typname, t.typtype, t.typnotnull, false AS is_array, t.of,
           CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE t.typtypmod END AS modifier
    FROM pg_attribute a JOIN made t ON t.oid = a.atttypid
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
    SELECT b.attnum, t.typname, t.typtype, b.typnotnull OR (t.typnotnull AND b.typtype = 'd' AND NOT b.is_array),
           b.is_array OR b.typtype <> 'd', t.of,
           CASE WHEN b.modifier >= 0 THEN b.modifier ELSE t.typtypmod END
    FROM base b JOIN made t ON t.oid = b.of
)
SELECT a.attname, b.typname, format_type(a.atttypid, a.atttypmod), a.attnotnull OR b.typnotnull,
       a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', a.attidentity = 'a',
       coalesce(l.collisdeterministic, true), l.collname, CASE WHEN b.modifier >= 0 THEN b.modifier END,
       b.is_array, b.typtype = 'e'
FROM pg_attribute a JOIN base b ON b.attnum = a.attnum AND b.of IS NULL
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
    std::string base_type;  ///< pg_type's name, domains resolved; of an array its elements'
    bool is_array = false;
    bool is_enum = false;  ///< what base_type is
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

bool may_take(const TableColumn& column, const config::Column& wanted) {
    if (column.is_array != wanted.array) return false;
    if (column.is_enum) return wanted.type == config::ColumnType::text;
    return accepts(column.base_type, wanted.type);
}

/// Whether storing a value of `wanted` may change it without an error: rounded, or cut at blanks.
bool modifier_changes_values(const TableColumn& column, config::ColumnType wanted) {
    if (!column.modifier) return false;
    if (column.base_type == "numeric") {
        // PostgreSQL's numeric_typmod_scale: eleven bits with a sign. Whole numbers lose digits only to the
        // left of the point, where the scale is negative; too many digits are an error.
        const std::int64_t scale = (((*column.modifier - 4) & 0x7ff) ^ 1024) - 1024;
        return wanted == config::ColumnType::numeric || scale < 0;
    }
    if (column.base_type == "time" || column.base_type == "timestamp" || column.base_type == "timestamptz")
        return *column.modifier < 6;
    return column.base_type == "varchar" || column.base_type == "bpchar";
}

bool deletes(const config::Sink& sink) {
    return sink.mode == config::Mode::replace_slice || sink.vanished == config::Vanished::remove;
}

/// Collects misfits; one a line, each with the config's place.
class Examiner {
  public:
    Examiner(postgres::Connection& connection, const config::Sink& sink)
        : connection_(connection), sink_(sink), table_(qualified_name(sink)) {}

    Inspection run() {
        check_key_types();
        if (check_schema()) check_table();
        if (!table_exists_) check_other_spelling();
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
            const config::Column& column = sink_.columns[i];
            if (is_key(sink_, column.name) && !config::may_be_key(column))
                misfit(place(i), sql_type(column) + " cannot be a key: equal values have several forms");
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
        const std::string schema = quote_identifier(sink_.schema);
        if (!row.boolean(0, 4)) {
            found_.ddl = {create_schema_sql(sink_), create_table_sql(sink_)};
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
        const Rows row =
            connection_.exec(table_sql, {sink_.schema, sink_.table, deletes(sink_) ? "{2,3,4}" : "{2,3}"});
        if (row.empty()) {
            found_.ddl = {create_table_sql(sink_)};
            if (!may_create_)
                misfit("sink.table", table_ + " does not exist, and role " + role_ +
                                         " may not create it: GRANT CREATE ON SCHEMA " +
                                         quote_identifier(sink_.schema) + " TO " + role_);
            return;
        }
        table_exists_ = true;
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
        if (row.boolean(0, 4) && deletes(sink_) && !row.boolean(0, 5))
            misfit("sink.table", "role " + role_ + " may not delete from " + table_ + ": GRANT DELETE ON " +
                                     table_ + " TO " + role_);
        if (sink_.undeclared == config::Undeclared::add_column && !row.boolean(0, 6))
            misfit("sink.undeclared", "role " + role_ + " may not add columns to " + table_ +
                                          ": ALTER TABLE " + table_ + " OWNER TO " + role_);
        if (row[0][7])
            misfit("sink.table",
                   table_ + " has rules on " +
                       std::string(deletes(sink_) ? "INSERT, UPDATE or DELETE" : "INSERT or UPDATE") + " (" +
                       *row[0][7] + "), which rewrite our statements: drop them");
        // With upsert every commit looks whether its keys are there.
        if (row[0][8] && config::is_staged(sink_.mode))
            misfit("sink.table", table_ + " has triggers BEFORE INSERT or UPDATE of each row (" + *row[0][8] +
                                     "), which may change which slice a row is of: make them AFTER triggers, "
                                     "or pull with mode: "
                                     "upsert");
        check_columns(oid);
        if (!sink_.key.empty()) check_index(oid, row.boolean(0, 6) && kind == "r");
    }

    /// SQL folds names that are not quoted, a config's are quoted: a second table would hide behind the
    /// first.
    void check_other_spelling() {
        if (sink_.ddl == config::Ddl::allow) return;
        const Rows rows = connection_.exec(other_spelling_sql, {sink_.schema, sink_.table});
        if (rows.empty()) return;
        misfit("sink.table", table_ + " does not exist, and " + rows.text(0, 0) +
                                 ", which differs in case alone, does: write it as it is, table: \"" +
                                 rows.text(0, 1) + "\", or set sink.ddl: allow to make another one");
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
                            .is_array = rows.boolean(i, 10),
                            .is_enum = rows.boolean(i, 11),
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
                                     quote_identifier(wanted.name) + " " + sql_type(wanted));
                continue;
            }
            column->second.filled = true;
            check_column(place(i), wanted, column->second);
        }
        if (sink_.vanished == config::Vanished::mark) check_vanished_column(table);
        for (const auto& [name, column] : table)
            if (!column.filled && column.not_null && !column.has_default && !column.generated)
                misfit("sink.columns",
                       "column " + quote_identifier(name) +
                           " of the table is NOT NULL without a default, and the config does not fill it");
    }

    void check_vanished_column(const std::vector<std::pair<std::string, TableColumn>>& table) {
        const std::string name = quote_identifier(config::kVanishedColumn);
        const auto column = std::find_if(table.begin(), table.end(), [](const auto& entry) {
            return entry.first == config::kVanishedColumn;
        });
        if (column == table.end())
            misfit("sink.vanished", "the table has no column " + name + ": ALTER TABLE " + table_ +
                                        " ADD COLUMN " + name + " timestamptz");
        else if (column->second.base_type != "timestamptz" || column->second.is_array ||
                 column->second.not_null || column->second.generated)
            misfit("sink.vanished",
                   "expected column " + name + " of the table to be a timestamptz that may be NULL");
    }

    void check_column(const std::string& where, const config::Column& wanted, const TableColumn& column) {
        const bool fits = may_take(column, wanted);
        if (!fits)
            misfit(where, "the table has " + column.shown_type + ", the config says " + sql_type(wanted));
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
        if (fits && modifier_changes_values(column, wanted.type))
            misfit(where,
                   column.shown_type +
                       " cannot be a key's: it rounds or cuts values and makes keys equal that differ: "
                       "ALTER TABLE " +
                       table_ + " ALTER COLUMN " + quote_identifier(wanted.name) + " TYPE " +
                       sql_type(wanted));
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
        if (may_create && sink_.ddl == config::Ddl::allow) {
            found_.ddl = {create_index_sql(sink_)};
            return;
        }
        misfit("sink.key", table_ + " has no unique index on exactly (" + name_list(sink_.key) + ")" +
                               near_misses + ": " + create_index_sql(sink_) +
                               (may_create ? ", or set sink.ddl: allow to have it made" : ""));
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
    bool table_exists_ = false;
    Inspection found_;
};

}  // namespace

Inspection inspect(postgres::Connection& connection, const config::Sink& sink) {
    return Examiner(connection, sink).run();
}

}  // namespace pagehaul::sink
