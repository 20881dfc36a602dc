#include <algorithm>
#include <array>
#include <string_view>

#include "config/declaration.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/values.h"
#include "core/time_pattern.h"

namespace pagehaul::config {
namespace {

std::optional<std::string> column_name_fault(std::string_view name) {
    // PostgreSQL's system columns cannot be made again.
    static constexpr std::array<std::string_view, 6> system{"tableoid", "xmin", "cmin",
                                                            "xmax",     "cmax", "ctid"};
    if (std::find(system.begin(), system.end(), name) != system.end()) {
        return "expected another name: every PostgreSQL table has a system column of this one";
    }
    return identifier_fault(name);
}

// A pointer into the record, or "../a": into the element around it.
Type<std::string> column_from() {
    return ruled_text(
        "a JSON pointer such as /data/id, where the value is in a record; ../id in the element around it",
        "^((\\.\\./)+([^~/]|~[01])?([^~]|~[01])*|(/([^~]|~[01])*)?)$",
        [](std::string_view text) -> std::optional<std::string> {
            if (is_json_pointer(field_place(text).pointer)) return std::nullopt;
            return "";
        });
}

/// The parameter of the slice that a template is, and nothing else; or "".
std::string slice_parameter(const std::string& value) {
    const auto held = read_placeholders(value);
    if (!held || held->size() != 1 || held->front().filter || !held->front().name.starts_with("slice."))
        return "";
    if (!value.starts_with("{{") || value.find("}}") + 2 != value.size()) return "";
    return held->front().name.substr(std::string_view("slice.").size());
}

bool check_column_source(const Node& node, Reader& reader, Column& column) {
    if (column.value) column.slice_parameter = slice_parameter(*column.value);
    if (column.array && (column.value || column.from_key))
        return reader.refuse_member(node, column.value ? "value" : "from_key",
                                    "expected from: an array is read from a record");
    if (column.rest) {
        for (const std::string key : {"value", "from", "from_key", "strip", "null_if", "optional"})
            if (node.get(key) != nullptr)
                return reader.refuse_member(node, key, "expected no " + key + " beside rest");
        return column.type == ColumnType::jsonb && !column.array
                   ? true
                   : reader.refuse_member(node, "type", "expected jsonb beside rest");
    }
    if (column.from_key) {
        for (const std::string key : {"value", "from"})
            if (node.get(key) != nullptr)
                return reader.refuse_member(node, key, "expected no " + key + " beside from_key");
        return true;
    }
    if (node.get("from") == nullptr) {
        if (!column.value) column.from = pointer_to(column.name);
        column.of_run = column.value && names_run(*column.value);
        return true;
    }
    if (column.value) {
        // The record tells what the slice says already: it is held against that.
        column.checked = !column.slice_parameter.empty() && !column.from.empty();
        if (column.checked) return true;
        return reader.refuse_member(node, "from",
                                    "expected either value or from, not both; beside value: \"{{ slice.NAME "
                                    "}}\" a place in the record, which must tell the same");
    }
    const bool takes_a_record =
        !column.array && (column.type == ColumnType::jsonb || column.type == ColumnType::text);
    if (!column.from.empty() || takes_a_record) return true;
    return reader.refuse_member(node, "from",
                                "expected type jsonb or text for the whole record (from: \"\")");
}

/// What is wrong with a pattern for the column, or nothing.
std::optional<std::string> pattern_fault(const Column& column, const TimePattern& pattern) {
    if (column.type == ColumnType::time ? !pattern.names_clock() : !pattern.names_day())
        return column.type == ColumnType::time
                   ? "expected an hour in the pattern, such as %H"
                   : "expected year, month and day in the pattern, such as %Y%m%d";
    if (column.zone && pattern.names_offset() && !pattern.names_day())
        return "expected year, month and day in the pattern: what a zone's clock shows depends on them";
    if (column.type == ColumnType::timestamptz && !column.zone && !pattern.names_offset())
        return "expected %z in the pattern, or zone beside it: whose time is it?";
    return std::nullopt;
}

bool check_time_format(const Node& node, Reader& reader, Column& column) {
    if (!column.format && !column.zone) return true;
    const std::string first = column.format ? "format" : "zone";
    if (column.type != ColumnType::date && column.type != ColumnType::time &&
        column.type != ColumnType::timestamp && column.type != ColumnType::timestamptz)
        return reader.refuse_member(node, first,
                                    "expected none: it is for date, time, timestamp and timestamptz");
    const std::string format = column.format.value_or("iso");
    if (format == "iso" || format == "epoch" || format == "epoch_ms" || format == "epoch_us") {
        if (format == "iso" || column.type != ColumnType::timestamptz || !column.zone) return true;
        return reader.refuse_member(node, "zone", "expected none: an epoch is the same time in every zone");
    }
    if (format.find('%') == std::string::npos)
        return reader.refuse_member(node, "format",
                                    "expected epoch, epoch_ms, epoch_us, iso or a pattern such as %d/%m/%Y");
    const auto pattern = TimePattern::compile(format);
    if (!pattern) return reader.refuse_member(node, "format", pattern.error());
    if (const auto fault = pattern_fault(column, *pattern))
        return reader.refuse_member(node, "format", *fault);
    if (column.zone && !pattern->names_offset() && column.type != ColumnType::timestamptz)
        return reader.refuse_member(node, "zone",
                                    "expected none: without %z a time is taken as it is written");
    return true;
}

// Of a whole column: "bigint[]" fills two of its members.
Type<Column> value_type() {
    const auto scalar = choice<ColumnType>({{"bigint", ColumnType::bigint},
                                            {"integer", ColumnType::integer},
                                            {"smallint", ColumnType::smallint},
                                            {"numeric", ColumnType::numeric},
                                            {"double precision", ColumnType::double_precision},
                                            {"real", ColumnType::real},
                                            {"boolean", ColumnType::boolean},
                                            {"text", ColumnType::text},
                                            {"date", ColumnType::date},
                                            {"time", ColumnType::time},
                                            {"timestamp", ColumnType::timestamp},
                                            {"timestamptz", ColumnType::timestamptz},
                                            {"jsonb", ColumnType::jsonb},
                                            {"uuid", ColumnType::uuid}});
    const auto array = choice<ColumnType>({{"bigint[]", ColumnType::bigint},
                                           {"integer[]", ColumnType::integer},
                                           {"smallint[]", ColumnType::smallint},
                                           {"numeric[]", ColumnType::numeric},
                                           {"double precision[]", ColumnType::double_precision},
                                           {"real[]", ColumnType::real},
                                           {"boolean[]", ColumnType::boolean},
                                           {"text[]", ColumnType::text},
                                           {"date[]", ColumnType::date},
                                           {"time[]", ColumnType::time},
                                           {"timestamp[]", ColumnType::timestamp},
                                           {"timestamptz[]", ColumnType::timestamptz},
                                           {"uuid[]", ColumnType::uuid}});
    return type_of<Column>({
        .read =
            [scalar, array](const Node& node, Reader& reader, Column& out) {
                out.array = node.text.ends_with("[]");
                return (out.array ? array : scalar).read(node, reader, out.type);
            },
        .show = [scalar, array](
                    const Node* node,
                    const Column& column) { return (column.array ? array : scalar).show(node, column.type); },
        .schema =
            [scalar, array] {
                return Node::mapping().with("anyOf", Node::sequence({scalar.schema(), array.schema()}));
            },
    });
}

}  // namespace

Object<Column> declare_column() {
    return Object<Column>()
        .required("name", &Column::name, ruled_text("a column's name", "^[^\"]{1,63}$", column_name_fault),
                  "The column's name, as it is written.")
        .required_parts("type", value_type(),
                        "The column's type in PostgreSQL; with [] an array of them, from a JSON array.")
        .key("value", &Column::value, optionally(template_text()),
             "A template of {{ slice.… }}, {{ run.id }} and {{ run.started_at }}, instead of from. A row is "
             "not "
             "written again because its run differs. {{ slice.NAME }} alone tells which rows of the table "
             "are the slice's; with from beside it, a row that tells otherwise is quarantined.")
        .key("from", &Column::from, column_from(),
             "JSON pointer into the record; \"\" is the whole record. ../NAME: into the element around it, "
             "which a * of source.records.at stands for. Default: /NAME.")
        .derived()
        .key("from_key", &Column::from_key, boolean(),
             "The record's key where source.records.shape is map, instead of from.")
        .key("rest", &Column::rest, boolean(),
             "With sink.undeclared: column, the fields that no other column reads whole, as one object.")
        .key("format", &Column::format, optionally(text()),
             "How the API writes a time: epoch, epoch_ms, epoch_us, iso, or a pattern such as %d/%m/%Y "
             "%H:%M:%S; "
             "what does not fit it whole is quarantined.")
        .key("zone", &Column::zone, optionally(zone()),
             "For timestamptz the zone of stamps without an offset; for the other times whose clock those "
             "with "
             "one are shown by. Without it they are as they are written, and an epoch is UTC.")
        .key("strip", &Column::strip, text(), "Characters removed from a string before it is converted.")
        .key("null_if", &Column::null_if, list_of(text(), "a list of strings"),
             "Strings that mean NULL, as the elements of an array too.")
        .key("optional", &Column::optional, boolean(),
             "An absent field is NULL; otherwise it sends the row to quarantine.")
        .later("default")
        .check({"name", "type", "value", "from", "from_key", "rest"}, check_column_source)
        .check({"type", "format", "zone"}, check_time_format);
}

std::optional<std::string> key_fault(const Column& column) {
    if (column.array) return "an array cannot be a key";
    if (column.type == ColumnType::double_precision) return "double precision cannot be a key: use numeric";
    if (column.type == ColumnType::real) return "real cannot be a key: use numeric";
    if (column.type == ColumnType::jsonb) return "jsonb cannot be a key";
    if (column.of_run) return "expected a column of the record: the next run would bring every row again";
    if (column.optional) return "a key column is never NULL: expected a column without optional";
    if (!column.null_if.empty()) return "a key column is never NULL: expected a column without null_if";
    return std::nullopt;
}

}  // namespace pagehaul::config
