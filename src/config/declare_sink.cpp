#include <algorithm>
#include <array>

#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"

namespace pagehaul::config {
namespace {

std::optional<std::string> table_fault(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return identifier_fault(text);
    if (text.find('.', dot + 1) != std::string_view::npos)
        return "expected table or schema.table, with at most one dot";
    if (const auto fault = identifier_fault(text.substr(0, dot))) return "schema: " + *fault;
    if (const auto fault = identifier_fault(text.substr(dot + 1))) return "table: " + *fault;
    return std::nullopt;
}

// Of a whole sink: "schema.table" fills two of its members.
Type<Sink> table_name() {
    const auto text = ruled_text("table or schema.table", "^[^\".]{1,63}(\\.[^\".]{1,63})?$", table_fault);
    return type_of<Sink>({
        .read =
            [text](const Node& node, Reader& reader, Sink& out) {
                std::string name;
                if (!text.read(node, reader, name)) return false;
                const std::size_t dot = name.find('.');
                out.schema = dot == std::string::npos ? "public" : name.substr(0, dot);
                out.table = dot == std::string::npos ? name : name.substr(dot + 1);
                return true;
            },
        .show = [text](const Node* node,
                       const Sink& value) { return text.show(node, value.schema + "." + value.table); },
        .schema = [text] { return text.schema(); },
    });
}

std::optional<std::string> column_name_fault(std::string_view name) {
    // PostgreSQL's system columns cannot be made again.
    static constexpr std::array<std::string_view, 6> system{"tableoid", "xmin", "cmin",
                                                            "xmax",     "cmax", "ctid"};
    if (std::find(system.begin(), system.end(), name) != system.end()) {
        return "expected another name: every PostgreSQL table has a system column of this one";
    }
    return identifier_fault(name);
}

bool check_column_source(const Node& node, Reader& reader, Column& column) {
    if (node.get("from") == nullptr) {
        if (!column.value) column.from = pointer_to(column.name);
        return true;
    }
    if (column.value) return reader.refuse_member(node, "from", "expected either value or from, not both");
    if (column.from.empty() && column.type != ColumnType::jsonb && column.type != ColumnType::text) {
        return reader.refuse_member(node, "from",
                                    "expected type jsonb or text for the whole record (from: \"\")");
    }
    return true;
}

Object<Column> declare_column() {
    return Object<Column>()
        .required("name", &Column::name, ruled_text("a column's name", "^[^\"]{1,63}$", column_name_fault),
                  "The column's name, as it is written.")
        .required("type", &Column::type,
                  choice<ColumnType>({{"bigint", ColumnType::bigint},
                                      {"integer", ColumnType::integer},
                                      {"numeric", ColumnType::numeric},
                                      {"double precision", ColumnType::double_precision},
                                      {"boolean", ColumnType::boolean},
                                      {"text", ColumnType::text},
                                      {"date", ColumnType::date},
                                      {"timestamp", ColumnType::timestamp},
                                      {"timestamptz", ColumnType::timestamptz},
                                      {"jsonb", ColumnType::jsonb},
                                      {"uuid", ColumnType::uuid}}),
                  "The column's type in PostgreSQL.")
        .key("value", &Column::value, optionally(template_text()),
             "A template of {{ slice.… }}, instead of from.")
        .key("from", &Column::from, json_pointer("where the value is in a record"),
             "JSON pointer into the record; \"\" is the whole record. Default: /NAME.")
        .derived()
        .key("strip", &Column::strip, text(), "Characters removed from a string before it is converted.")
        .key("null_if", &Column::null_if, list_of(text(), "a list of strings"), "Strings that mean NULL.")
        .key("optional", &Column::optional, boolean(),
             "An absent field is NULL; otherwise it sends the row to quarantine.")
        .later("default")
        .check({"name", "type", "value", "from"}, check_column_source);
}

bool check_distinct_columns(const Node& node, Reader& reader, Sink& sink) {
    bool good = true;
    for (std::size_t i = 0; i < sink.columns.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (sink.columns[i].name != sink.columns[j].name) continue;
            good = reader.refuse_below(
                node, {"columns", std::to_string(i), "name"},
                "duplicate column: sink.columns." + std::to_string(j) + " has this name too");
            break;
        }
    }
    return good;
}

std::string key_fault(const Column& column) {
    if (column.type == ColumnType::double_precision) return "double precision cannot be a key: use numeric";
    if (column.type == ColumnType::jsonb) return "jsonb cannot be a key";
    if (column.optional) return "a key column is never NULL: expected a column without optional";
    if (!column.null_if.empty()) return "a key column is never NULL: expected a column without null_if";
    return {};
}

bool check_key(const Node& node, Reader& reader, Sink& sink) {
    bool good = true;
    std::vector<std::string> names;
    for (const auto& column : sink.columns)
        names.push_back(column.name);
    for (std::size_t i = 0; i < sink.key.size(); ++i) {
        const std::string& name = sink.key[i];
        const std::vector<std::string> place{"key", std::to_string(i)};
        const auto column = std::find_if(sink.columns.begin(), sink.columns.end(),
                                         [&](const Column& c) { return c.name == name; });
        if (column == sink.columns.end()) {
            const std::string meant = nearest(name, names);
            good = reader.refuse_below(
                node, place,
                "expected a column of sink.columns" + (meant.empty() ? "" : "; did you mean " + meant + "?"));
            continue;
        }
        if (std::find(sink.key.begin(), sink.key.begin() + static_cast<std::ptrdiff_t>(i), name) !=
            sink.key.begin() + static_cast<std::ptrdiff_t>(i)) {
            good = reader.refuse_below(node, place, "duplicate key column");
            continue;
        }
        if (const std::string fault = key_fault(*column); !fault.empty()) {
            good = reader.refuse_below(node, place, fault);
        }
    }
    return good;
}

}  // namespace

Object<Sink> declare_sink() {
    return Object<Sink>()
        .required("dsn", &Sink::dsn, dsn(),
                  "PostgreSQL's connection string; keep it in a variable: \"${DATABASE_URL}\".")
        .required_parts("table", table_name(),
                        "The target, table or schema.table (default schema: public); made if it is missing.")
        .required("key", &Sink::key, list_of(identifier(), "a list of column names", 1),
                  "The columns that tell rows apart, over all slices.")
        .key("mode", &Sink::mode, choice<Mode>({{"upsert", Mode::upsert}}, {"append", "replace_slice"}),
             "upsert: rows are inserted, or updated where a column differs.")
        .required("columns", &Sink::columns, list_of(Type<Column>(declare_column()), "a list of columns", 1),
                  "The target's columns, in order.")
        .key("undeclared", &Sink::undeclared,
             choice<Undeclared>({{"ignore", Undeclared::ignore}, {"error", Undeclared::error}},
                                {"add_column"}),
             "What a field of a record means that no column reads.")
        .key("overlap", &Sink::overlap,
             choice<Overlap>({{"refused", Overlap::refused}, {"allowed", Overlap::allowed}}),
             "Whether two slices may bring rows of the same key.")
        .key("pgbouncer", &Sink::pgbouncer, boolean(),
             "The connection string leads to PgBouncer in transaction mode.")
        .later("allow_empty")
        .check({"columns"}, check_distinct_columns)
        .check({"key", "columns"}, check_key);
}

}  // namespace pagehaul::config
