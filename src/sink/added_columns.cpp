#include "sink/added_columns.h"

#include <algorithm>

#include "core/digest.h"
#include "core/join.h"
#include "postgres/quoting.h"
#include "record/page.h"
#include "sink/columns.h"

namespace pagehaul::sink {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

constexpr const char* comment = "Added by pagehaul (sink.undeclared: add_column)";

// In full, for the role's search_path holds.
constexpr const char* present_sql = R"(
SELECT a.attname, a.atttypid OPERATOR(pg_catalog.=) 'pg_catalog.jsonb'::pg_catalog.regtype
    AND pg_catalog.col_description(a.attrelid, a.attnum) OPERATOR(pg_catalog.=) $2 IS TRUE
FROM pg_catalog.pg_attribute a
WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass
    AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
ORDER BY a.attnum)";

struct Present {
    std::string name;
    bool ours = false;
};

std::vector<Present> present_columns(postgres::Connection& connection, const config::Sink& sink) {
    const postgres::Rows rows = connection.exec(present_sql, {qualified_name(sink), std::string(comment)});
    std::vector<Present> columns;
    for (std::size_t i = 0; i < rows.size(); ++i)
        columns.push_back({rows.text(i, 0), rows.boolean(i, 1)});
    return columns;
}

bool declares(const config::Sink& sink, const std::string& name) {
    return std::any_of(sink.columns.begin(), sink.columns.end(),
                       [&](const config::Column& column) { return column.name == name; });
}

std::vector<std::string> ours_of(const config::Sink& sink, const std::vector<Present>& columns) {
    std::vector<std::string> names;
    for (const Present& column : columns)
        if (column.ours && !declares(sink, column.name)) names.push_back(column.name);
    return names;
}

[[noreturn]] void refuse(const std::string& text) {
    throw Failure(ErrorKind::config, "sink.undeclared", text);
}

/// Those of `fields` for which there is no column yet.
std::vector<std::string> missing(const config::Sink& sink, const std::vector<Present>& columns,
                                 const std::vector<std::string>& fields) {
    std::vector<std::string> names;
    for (const std::string& field : fields) {
        if (declares(sink, field))
            refuse("records have a field " + quote_identifier(field) +
                   " that no column reads, and the column of that name reads something else: name that one "
                   "otherwise, or read the field in a column of sink.columns");
        const auto column = std::find_if(columns.begin(), columns.end(),
                                         [&](const Present& one) { return one.name == field; });
        if (column == columns.end())
            names.push_back(field);
        else if (!column->ours)
            refuse("records have a field " + quote_identifier(field) + " that no column reads, and " +
                   qualified_name(sink) +
                   " has a column of that name which was not made for it: declare it in sink.columns, or "
                   "name the table's otherwise");
    }
    return names;
}

void add(postgres::Connection& connection, const config::Sink& sink, const std::vector<std::string>& names) {
    const std::string target = qualified_name(sink);
    const auto each = [](const std::string& name) {
        return "ADD COLUMN " + quote_identifier(name) + " pg_catalog.jsonb";
    };
    const std::string sql = "ALTER TABLE " + target + " " + join(names, ", ", each);
    try {
        connection.exec(sql);
    } catch (const postgres::SqlError& error) {
        if (error.connection_lost() || error.error().kind == ErrorKind::transient) throw;
        refuse(sql + ": " + error.error().message);
    }
    for (const std::string& name : names)
        connection.exec("COMMENT ON COLUMN " + target + "." + quote_identifier(name) + " IS " +
                        quote_literal(comment));
}

}  // namespace

std::string undeclared_field(const config::Sink& sink) {
    return free_name(sink, "_undeclared");
}

std::string undeclared_in_staging(const config::Sink& sink) {
    if (sink.undeclared != config::Undeclared::add_column) return {};
    return ", NULL::pg_catalog.jsonb AS " + undeclared_field(sink);
}

config::Sink with_columns(const config::Sink& sink, const std::vector<std::string>& added) {
    config::Sink wide = sink;
    for (const std::string& name : added) {
        config::Column column;
        column.name = name;
        column.type = config::ColumnType::jsonb;
        wide.columns.push_back(std::move(column));
    }
    return wide;
}

std::string spread(const config::Sink& sink, const std::string& rows, const std::vector<std::string>& added) {
    if (added.empty()) return rows;
    const auto of = [&](const std::string& name) {
        return ", pg_catalog.jsonb_object_field(r." + undeclared_field(sink) + ", " + quote_literal(name) +
               ") AS " + quote_identifier(name);
    };
    return "(SELECT r.*" + join(added, "", of) + " FROM " + rows + " r)";
}

std::vector<std::string> added_columns(postgres::Connection& connection, const config::Sink& sink) {
    return ours_of(sink, present_columns(connection, sink));
}

AddedColumns add_columns(postgres::Connection& connection, const config::Sink& sink,
                         const std::vector<std::string>& fields) {
    connection.begin("SET LOCAL lock_timeout = '3s'; SELECT pg_catalog.pg_advisory_xact_lock(" +
                     std::to_string(hash64("pagehaul target " + qualified_name(sink))) + ")");
    try {
        std::vector<Present> columns = present_columns(connection, sink);
        AddedColumns added{.all = ours_of(sink, columns), .now = missing(sink, columns, fields)};
        if (!added.now.empty()) {
            if (added.all.size() + added.now.size() > record::kMostAddedColumns)
                refuse("records have more than " + std::to_string(record::kMostAddedColumns) +
                       " fields that no column reads, " + quote_identifier(added.now.front()) +
                       " among them: are their names data? undeclared: column keeps them in one column");
            add(connection, sink, added.now);
            added.all.insert(added.all.end(), added.now.begin(), added.now.end());
        }
        connection.commit();
        return added;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

}  // namespace pagehaul::sink
