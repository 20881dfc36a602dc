#include <algorithm>
#include <string_view>
#include <unordered_map>

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

bool check_distinct_columns(const Node& node, Reader& reader, Sink& sink) {
    bool good = true;
    std::unordered_map<std::string_view, std::size_t> firsts;
    for (std::size_t i = 0; i < sink.columns.size(); ++i) {
        const auto [first, is_new] = firsts.emplace(sink.columns[i].name, i);
        if (is_new) continue;
        good = reader.refuse_below(
            node, {"columns", std::to_string(i), "name"},
            "duplicate column: sink.columns." + std::to_string(first->second) + " has this name too");
    }
    return good;
}

/// Whether values of the type are in an order that tells older from newer.
bool is_ordered(const Column& column) {
    switch (column.type) {
        case ColumnType::bigint:
        case ColumnType::integer:
        case ColumnType::smallint:
        case ColumnType::numeric:
        case ColumnType::date:
        case ColumnType::timestamp:
        case ColumnType::timestamptz:
            return !column.array;
        case ColumnType::double_precision:
        case ColumnType::real:
        case ColumnType::boolean:
        case ColumnType::text:
        case ColumnType::time:
        case ColumnType::jsonb:
        case ColumnType::uuid:
            return false;
    }
    return false;
}

bool check_version(const Node& node, Reader& reader, Sink& sink) {
    if (!sink.version) return true;
    if (sink.mode != Mode::upsert)
        return reader.refuse_member(node, "version", "expected mode: upsert beside it");
    const auto column = std::find_if(sink.columns.begin(), sink.columns.end(),
                                     [&](const Column& c) { return c.name == *sink.version; });
    if (column == sink.columns.end() || !is_ordered(*column))
        return reader.refuse_member(node, "version",
                                    "expected a column of sink.columns of a type that grows: a time stamp, a "
                                    "date or a number");
    return true;
}

bool check_rest(const Node& node, Reader& reader, Sink& sink) {
    const auto rests = std::count_if(sink.columns.begin(), sink.columns.end(),
                                     [](const Column& column) { return column.rest; });
    const bool wanted = sink.undeclared == Undeclared::column;
    if (rests == (wanted ? 1 : 0)) return true;
    if (wanted)
        return reader.refuse_member(node, "undeclared",
                                    "expected one column of sink.columns with rest: true");
    return reader.refuse_member(node, "columns",
                                "expected undeclared: column beside a column with rest: true");
}

bool check_vanished(const Node& node, Reader& reader, Sink& sink) {
    if (sink.vanished == Vanished::keep) {
        if (node.get("vanished_limit") == nullptr) return true;
        return reader.refuse_member(node, "vanished_limit", "expected vanished: mark or delete beside it");
    }
    if (sink.mode != Mode::upsert)
        return reader.refuse_member(node, "vanished",
                                    "expected mode: upsert beside it; replace_slice replaces all rows of a "
                                    "slice, append none");
    for (std::size_t i = 0; i < sink.columns.size(); ++i)
        if (sink.vanished == Vanished::mark && sink.columns[i].name == kVanishedColumn)
            return reader.refuse_below(node, {"columns", std::to_string(i), "name"},
                                       "expected another name: vanished: mark sets this column");
    return true;
}

bool check_mode(const Node& node, Reader& reader, Sink& sink) {
    if (sink.mode == Mode::upsert && node.get("key") == nullptr) {
        const Reader::Scope key(reader, "key");
        return reader.refuse(
            node,
            "required: The columns that tell rows apart, over all slices. Without them mode: "
            "append or replace_slice.");
    }
    if (sink.allow_empty && sink.mode != Mode::replace_slice)
        return reader.refuse_member(node, "allow_empty", "expected mode: replace_slice beside it");
    return true;
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
        if (const auto fault = key_fault(*column)) good = reader.refuse_below(node, place, *fault);
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
        .key("key", &Sink::key, list_of(identifier(), "a list of column names", 1),
             "The columns that tell rows apart, over all slices. Required with mode: upsert; without it two "
             "equal rows are two rows.")
        .key(
            "mode", &Sink::mode,
            choice<Mode>(
                {{"upsert", Mode::upsert}, {"append", Mode::append}, {"replace_slice", Mode::replace_slice}}),
            "upsert: rows are inserted, or updated where a column differs. append: the rows of a slice are "
            "inserted once, when it is proven. replace_slice: they take the place of those that the table "
            "has of the slice, when it is proven.")
        .key("allow_empty", &Sink::allow_empty, boolean(),
             "With mode: replace_slice, whether a slice without rows may take the place of one with rows.")
        .required("columns", &Sink::columns, list_of(Type<Column>(declare_column()), "a list of columns", 1),
                  "The target's columns, in order.")
        .key("undeclared", &Sink::undeclared,
             choice<Undeclared>({{"ignore", Undeclared::ignore},
                                 {"error", Undeclared::error},
                                 {"column", Undeclared::column},
                                 {"add_column", Undeclared::add_column}}),
             "What a field of a record means that no column reads. error: its row is quarantined. column: it "
             "is kept in the column with rest: true. add_column: it is kept in a jsonb column of its name, "
             "which the table is given at the first value that is not null.")
        .key(
            "version", &Sink::version, optionally(identifier()),
            "With mode: upsert, the column that grows with each change of a record: a row is not overwritten "
            "by an older one. NULL is oldest; an equal version overwrites.")
        .key(
            "vanished", &Sink::vanished,
            choice<Vanished>(
                {{"keep", Vanished::keep}, {"mark", Vanished::mark}, {"delete", Vanished::remove}}),
            "With mode: upsert, what becomes of rows of the table that a slice, once it is proven, no longer "
            "has. mark: their column deleted_at is set, and set back when they return.")
        .key("vanished_limit", &Sink::vanished_limit, quarantine_limit(),
             "Rows of a slice that may vanish in one run, as a number or as a percentage of those that the "
             "table has of it; more fail the slice, and none is touched.")
        .key("overlap", &Sink::overlap,
             choice<Overlap>({{"refused", Overlap::refused}, {"allowed", Overlap::allowed}}),
             "Whether two slices may bring rows of the same key.")
        .key(
            "ddl", &Sink::ddl, choice<Ddl>({{"create", Ddl::create}, {"allow", Ddl::allow}}),
            "create: a table that does not exist is made, one that does is never altered. allow: it gets the "
            "unique index on the key too, and a table is made beside one whose name differs in case alone.")
        .key("pgbouncer", &Sink::pgbouncer, boolean(),
             "The connection string leads to PgBouncer in transaction mode.")
        .check({"columns"}, check_distinct_columns)
        .check({"mode"}, check_mode)
        .check({"mode", "columns"}, check_version)
        .check({"undeclared", "columns"}, check_rest)
        .check({"mode", "columns", "vanished"}, check_vanished)
        .check({"key", "columns"}, check_key);
}

}  // namespace pagehaul::config
