#include <algorithm>

#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"

namespace pagehaul::config {
namespace {

constexpr std::string_view some_nothing = "a list of null, absent, {} and 204";

bool add_nothing(const Node& node, Nothing& out) {
    if (node.is_null() && !node.refused) return out.null = true;
    if (node.is_mapping() && node.members.empty()) return out.empty_object = true;
    if (!node.is_scalar()) return false;
    if (node.text == "absent") return out.absent = true;
    if (node.text == "null") return out.null = true;
    if (node.text == "204") return out.status_204 = true;
    return false;
}

Type<Nothing> nothing() {
    return type_of<Nothing>({
        .read =
            [](const Node& node, Reader& reader, Nothing& out) {
                const std::string expected = "expected " + std::string(some_nothing) + ", not ";
                if (!node.is_sequence()) return reader.refuse(node, expected + describe(node));
                bool good = true;
                for (std::size_t i = 0; i < node.items.size(); ++i) {
                    const Reader::Scope scope(reader, std::to_string(i));
                    if (!add_nothing(node.items[i], out))
                        good = reader.refuse(node.items[i], "expected null, absent, {} or 204, not " +
                                                                describe(node.items[i]));
                }
                return good;
            },
        .show =
            [](const Node*, const Nothing& value) {
                std::vector<Node> items;
                if (value.null) items.emplace_back();
                if (value.absent) items.push_back(Node::string("absent"));
                if (value.empty_object) items.push_back(Node::mapping());
                if (value.status_204) items.push_back(Node::number(204));
                return Node::sequence(std::move(items));
            },
        .schema =
            [] {
                Node one = Node::mapping().with("enum", Node::sequence({Node{}, Node::string("absent"),
                                                                        Node::mapping(), Node::number(204)}));
                return Node::mapping().with("type", Node::string("array")).with("items", std::move(one));
            },
    });
}

bool check_lines(const Node& node, Reader& reader, Records& records) {
    if (records.format == RecordFormat::json) return true;
    bool good = true;
    if (!records.at.empty())
        good =
            reader.refuse_member(node, "at", "expected at: \"\" with format ndjson: each line is a record");
    if (records.shape != RecordShape::list)
        good = reader.refuse_member(node, "shape", "expected shape list with format ndjson");
    if (records.empty.null || records.empty.absent || records.empty.empty_object)
        good =
            reader.refuse_member(node, "empty", "expected at most 204 with format ndjson: no line is none");
    return good;
}

/// Steps of the pointer that stand for each element.
std::size_t wildcards(const std::string& pointer) {
    std::size_t count = 0;
    for (std::size_t at = pointer.find("/*"); at != std::string::npos; at = pointer.find("/*", at + 1)) {
        if (at + 2 == pointer.size() || pointer[at + 2] == '/') ++count;
    }
    return count;
}

}  // namespace

Type<Records> declare_records() {
    const auto pointer = json_pointer("where the records are");
    const Type<Records> mapping =
        Object<Records>()
            .required(
                "at", &Records::at, pointer,
                "JSON pointer to the records in a response; \"\" is the response itself. A step * stands "
                "for each element there: /orders/*/items.")
            .key("shape", &Records::shape,
                 choice<RecordShape>({{"list", RecordShape::list},
                                      {"object", RecordShape::object},
                                      {"map", RecordShape::map}}),
                 "list: of records; object: the one record; map: records by their keys, which a column with "
                 "from_key reads.")
            .key("format", &Records::format,
                 choice<RecordFormat>({{"json", RecordFormat::json}, {"ndjson", RecordFormat::ndjson}}),
                 "ndjson: the response is a record a line.")
            .key("empty", &Records::empty, nothing(),
                 "What may stand instead of the records and means that there are none: null, absent, {} (an "
                 "empty object), 204 (the HTTP status, without a body).")
            .check({"at", "shape", "format", "empty"}, check_lines);
    return type_of<Records>({
        .read =
            [pointer, mapping](const Node& node, Reader& reader, Records& out) {
                if (node.is_mapping()) return mapping.read(node, reader, out);
                return pointer.read(node, reader, out.at);
            },
        .show =
            [pointer, mapping](const Node* node, const Records& records) {
                const bool flat = node == nullptr || node->is_scalar();
                return flat ? pointer.show(node, records.at) : mapping.show(node, records);
            },
        .schema =
            [pointer, mapping] {
                return Node::mapping().with("anyOf", Node::sequence({pointer.schema(), mapping.schema()}));
            },
    });
}

bool check_column_places(const Node& node, Reader& reader, Config& config) {
    const Records& records = config.source.records;
    bool good = true;
    for (std::size_t i = 0; i < config.sink.columns.size(); ++i) {
        const Column& column = config.sink.columns[i];
        const std::string place = std::to_string(i);
        if (column.from_key && records.shape != RecordShape::map)
            good = reader.refuse_below(node, {"sink", "columns", place, "from_key"},
                                       "expected source.records.shape: map, where records have keys");
        if (field_place(column.from).up > wildcards(records.at))
            good = reader.refuse_below(node, {"sink", "columns", place, "from"},
                                       "expected no more ../ than source.records.at has steps *");
    }
    return good;
}

}  // namespace pagehaul::config
