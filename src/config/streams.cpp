#include "config/streams.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "config/stream_keys.h"
#include "config/yaml/reader.h"
#include "core/join.h"

namespace pagehaul::config {
namespace {

constexpr std::array<std::string_view, 10> kSharedKeys{"base_url", "auth", "signing", "limits", "retry",
                                                       "timeout",  "dsn",  "schema",  "ddl",    "pgbouncer"};

bool is_name(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
    return !name.empty() && name.size() <= 63 && letters.find(name.front()) != std::string_view::npos &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

std::string in_streams(const std::string& name, const std::string& rest = {}) {
    return "streams." + name + (rest.empty() ? "" : "." + rest);
}

Node with_place(Node node, const Place& place) {
    node.place = place;
    return node;
}

Node section_of(const Node& root, std::string_view name) {
    const Node* const section = root.get(name);
    return section != nullptr ? *section : with_place(Node::mapping(), root.place);
}

/// The pointers by which other streams read this one's records.
std::set<std::string> pointers_into(const Node& streams, const std::string& name) {
    std::set<std::string> pointers;
    for (const Member& stream : streams.members) {
        const Node* const slices = stream.value.get("slices");
        if (slices == nullptr) continue;
        for (const Member& dimension : slices->members) {
            const Node* const parent = dimension.value.get("stream");
            const Node* const from = dimension.value.get("from");
            if (parent != nullptr && from != nullptr && parent->text == name) pointers.insert(from->text);
        }
    }
    return pointers;
}

/// A record without a table is told from others by what slices are made of.
void fill_sink_of_unstored(const Node& streams, StreamFile& file, Node& sink) {
    const Place& place = file.place;
    if (sink.get("table") == nullptr) sink.with("table", with_place(Node::string(file.name), place));
    if (sink.get("columns") != nullptr) return;
    std::vector<Node> columns;
    std::vector<Node> key;
    for (const std::string& pointer : pointers_into(streams, file.name)) {
        const std::string name = "value_" + std::to_string(columns.size() + 1);
        Node column = with_place(Node::mapping(), place);
        column.with("name", with_place(Node::string(name), place));
        column.with("type", with_place(Node::string("text"), place));
        column.with("from", with_place(Node::string(pointer), place));
        columns.push_back(std::move(column));
        key.push_back(with_place(Node::string(name), place));
    }
    sink.with("columns", with_place(Node::sequence(std::move(columns)), place));
    sink.with("key", with_place(Node::sequence(std::move(key)), place));
}

/// `table` in the schema that all streams share; left out, it has the stream's name.
void name_table(const std::string& name, const Place& place, Node& sink) {
    const Node* const schema = sink.get("schema");
    Node table = sink.get("table") != nullptr ? *sink.get("table") : with_place(Node::string(name), place);
    if (schema != nullptr && schema->is_scalar() && table.is_scalar() &&
        table.text.find('.') == std::string::npos) {
        table.raw = schema->raw + "." + table.raw;
        table.text = schema->text + "." + table.text;
        table.has_variables = table.has_variables || schema->has_variables;
    }
    sink.with("table", std::move(table));
    std::erase_if(sink.members, [](const Member& member) { return member.key == "schema"; });
}

StreamFile file_of(const Node& root, const Member& stream, Problems& problems) {
    StreamFile file{.name = stream.key, .root = root, .place = stream.value.place};
    std::erase_if(file.root.members, [](const Member& member) { return member.key == "streams"; });
    Node source = section_of(root, "source");
    Node sink = section_of(root, "sink");
    for (const Member& member : stream.value.members) {
        if (is_in(kSourceKeys, member.key)) {
            source.with(member.key, member.value);
            source.find(member.key)->place = member.place;
        } else if (is_in(kSinkKeys, member.key)) {
            sink.with(member.key, member.value);
            sink.find(member.key)->place = member.place;
        } else if (member.key == "store") {
            const bool is_boolean = member.value.is_scalar() && !member.value.quoted &&
                                    (member.value.text == "true" || member.value.text == "false");
            if (!is_boolean)
                problems.push_back({.place = member.value.place,
                                    .path = in_streams(file.name, "store"),
                                    .text = "expected true or false, not " + describe(member.value)});
            file.stored = member.value.text != "false";
        } else {
            std::vector<std::string> known(kSourceKeys.begin(), kSourceKeys.end());
            known.insert(known.end(), kSinkKeys.begin(), kSinkKeys.end());
            known.emplace_back("store");
            problems.push_back(
                {.place = member.place,
                 .path = in_streams(file.name, member.key),
                 .text = is_in(kSharedKeys, member.key)
                             ? "this key is shared by all streams; expected under source or sink"
                             : "unknown key; expected one of " + join(known, ", ")});
        }
    }
    if (!file.stored) fill_sink_of_unstored(*root.get("streams"), file, sink);
    name_table(file.name, file.place, sink);
    file.root.with("source", std::move(source));
    file.root.with("sink", std::move(sink));
    return file;
}

/// "source.request.path": "request", of a stream; or empty.
std::string_view stream_key_of(std::string_view path) {
    const bool of_source = path.starts_with("source.");
    if (!of_source && !path.starts_with("sink.")) return {};
    path.remove_prefix(path.find('.') + 1);
    const std::string_view key = path.substr(0, path.find('.'));
    return (of_source ? is_in(kSourceKeys, key) : is_in(kSinkKeys, key)) ? key : std::string_view{};
}

}  // namespace

std::vector<StreamFile> split_streams(const Node& root, Problems& problems) {
    const Node* const streams = root.get("streams");
    if (streams == nullptr) return {{.name = {}, .root = root}};
    const auto refuse = [&](const Place& place, const std::string& path, std::string text) {
        problems.push_back({.place = place, .path = path, .text = std::move(text)});
    };
    std::vector<StreamFile> files;
    if (!streams->is_mapping() || streams->members.empty()) {
        refuse(streams->place, "streams",
               "expected a mapping of names to streams, not " + describe(*streams));
        return files;
    }
    for (const Member& stream : streams->members) {
        const std::string path = in_streams(stream.key);
        if (!is_name(stream.key)) {
            refuse(
                stream.place, path,
                "expected a stream's name of at most 63 lower-case letters, digits and _, which begins with "
                "a letter");
        } else if (!stream.value.is_mapping()) {
            refuse(
                stream.value.place, path,
                "expected a mapping with request, records, key and columns, not " + describe(stream.value));
        } else {
            files.push_back(file_of(root, stream, problems));
        }
    }
    return files;
}

std::string path_in_file(const StreamFile& stream, const std::string& path) {
    if (stream.name.empty() || stream_key_of(path).empty()) return path;
    return in_streams(stream.name, path.substr(path.find('.') + 1));
}

void place_in_file(const StreamFile& stream, Problems& problems) {
    if (stream.name.empty()) return;
    for (Problem& problem : problems) {
        const std::string_view key = stream_key_of(problem.path);
        if (key.empty()) continue;
        const Node* const section = stream.root.get(problem.path.substr(0, problem.path.find('.')));
        if (section != nullptr && section->get(key) == nullptr) problem.place = stream.place;
        problem.path = path_in_file(stream, problem.path);
    }
}

}  // namespace pagehaul::config
