#include "sink/columns.h"

#include <algorithm>

#include "core/join.h"
#include "postgres/connection.h"
#include "postgres/quoting.h"

namespace pagehaul::sink {

using config::ColumnType;

bool is_key(const config::Sink& sink, std::string_view column) {
    return std::find(sink.key.begin(), sink.key.end(), column) != sink.key.end();
}

std::string qualified_name(const config::Sink& sink) {
    return postgres::quote_identifier(sink.schema) + "." + postgres::quote_identifier(sink.table);
}

std::string name_list(const std::vector<std::string>& names) {
    return join(names, ", ", postgres::quote_identifier);
}

std::string free_name(const config::Sink& sink, std::string wanted) {
    const auto taken = [&] {
        return std::any_of(sink.columns.begin(), sink.columns.end(),
                           [&](const config::Column& column) { return column.name == wanted; });
    };
    while (taken())
        wanted.insert(0, "_");
    return postgres::quote_identifier(wanted);
}

std::string column_list(const config::Sink& sink) {
    std::vector<std::string> names;
    for (const config::Column& column : sink.columns)
        names.push_back(column.name);
    return name_list(names);
}

namespace {

std::string_view name_of(ColumnType type) {
    switch (type) {
        case ColumnType::bigint:
            return "bigint";
        case ColumnType::integer:
            return "integer";
        case ColumnType::smallint:
            return "smallint";
        case ColumnType::numeric:
            return "numeric";
        case ColumnType::double_precision:
            return "double precision";
        case ColumnType::real:
            return "real";
        case ColumnType::boolean:
            return "boolean";
        case ColumnType::text:
            return "text";
        case ColumnType::date:
            return "date";
        case ColumnType::time:
            return "time";
        case ColumnType::timestamp:
            return "timestamp";
        case ColumnType::timestamptz:
            return "timestamptz";
        case ColumnType::jsonb:
            return "jsonb";
        case ColumnType::uuid:
            return "uuid";
    }
    throw Failure(ErrorKind::bug, "sink.columns", "unknown column type");
}

}  // namespace

std::string sql_type(const config::Column& column) {
    return std::string(name_of(column.type)) + (column.array ? "[]" : "");
}

bool accepts(std::string_view typname, ColumnType type) {
    switch (type) {
        case ColumnType::bigint:
            return typname == "int8" || typname == "numeric";
        case ColumnType::integer:
            return typname == "int4" || typname == "int8" || typname == "numeric";
        case ColumnType::smallint:
            return typname == "int2" || typname == "int4" || typname == "int8" || typname == "numeric";
        case ColumnType::real:
            return typname == "float4" || typname == "float8";
        case ColumnType::double_precision:
            return typname == "float8";
        case ColumnType::boolean:
            return typname == "bool";
        case ColumnType::text:
            return typname == "text" || typname == "varchar" || typname == "citext";
        case ColumnType::jsonb:
            return typname == "jsonb" || typname == "json";
        case ColumnType::numeric:
        case ColumnType::date:
        case ColumnType::time:
        case ColumnType::timestamp:
        case ColumnType::timestamptz:
        case ColumnType::uuid:
            return typname == name_of(type);
    }
    return false;
}

}  // namespace pagehaul::sink
