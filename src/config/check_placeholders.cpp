#include <algorithm>
#include <functional>

#include "config/declaration.h"
#include "config/placeholders.h"
#include "core/join.h"

namespace pagehaul::config {
namespace {

/// The names that `{{ slice.… }}` may have.
std::vector<std::string> slice_names(const Source& source) {
    std::vector<std::string> names;
    for (const auto& dimension : source.slices) {
        names.push_back("slice." + dimension.name);
        if (!is_time(dimension)) continue;
        names.push_back("slice." + dimension.name + "_end");
        names.push_back("slice." + dimension.name + "_next");
    }
    return names;
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string written(const std::string& name) {
    return "{{ " + name + " }}";
}

using Visit = std::function<bool(const Node& scalar, const std::string& placeholder)>;

// Calls `visit` for each placeholder of each scalar at or below `node`, the reader's path following.
bool visit_placeholders(const Node& node, Reader& reader, const Visit& visit) {
    bool good = true;
    if (node.is_scalar()) {
        for (const auto& name : placeholders(node.text).value_or(std::vector<std::string>{})) {
            good = visit(node, name) && good;
        }
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        good = visit_placeholders(node.items[i], reader, visit) && good;
    }
    for (const auto& member : node.members) {
        const Reader::Scope scope(reader, member.key);
        good = visit_placeholders(member.value, reader, visit) && good;
    }
    return good;
}

/// The names that a filter may follow: those of times.
std::vector<std::string> time_names(const Source& source) {
    Source times;
    for (const auto& dimension : source.slices)
        if (is_time(dimension)) times.slices.push_back(dimension);
    std::vector<std::string> names = slice_names(times);
    names.emplace_back("run.started_at");
    return names;
}

// Refuses filters behind what is no time, at or below `node`.
bool check_filters(const Node& node, Reader& reader, const std::vector<std::string>& times) {
    bool good = true;
    if (node.is_scalar()) {
        for (const auto& placeholder : read_placeholders(node.text).value_or(std::vector<Placeholder>{})) {
            if (!placeholder.filter || is_one_of(times, placeholder.name)) continue;
            good = reader.refuse(node,
                                 "expected a filter behind a time alone, such as {{ slice.date | epoch }}");
        }
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        good = check_filters(node.items[i], reader, times) && good;
    }
    for (const auto& member : node.members) {
        const Reader::Scope scope(reader, member.key);
        good = check_filters(member.value, reader, times) && good;
    }
    return good;
}

bool refuse_unknown(const Node& node, Reader& reader, const std::string& name,
                    const std::vector<std::string>& known) {
    // A placeholder out of an expanded secret is not shown.
    const std::string shown = node.has_variables ? "a placeholder of this value" : written(name);
    const std::string choices = known.empty() ? "none (source.slices is empty)" : join(known, ", ");
    return reader.refuse(node, shown + " is not known here; expected one of: " + choices);
}

}  // namespace

bool check_request_placeholders(const Node& node, Reader& reader, Source& source) {
    const PaginationType type = source.pagination.type;
    const bool paged = type != PaginationType::none;
    const std::string page = type == PaginationType::page_number ? "page.number"
                             : type == PaginationType::offset    ? "page.offset"
                             : type == PaginationType::cursor    ? "page.token"
                                                                 : "";
    std::vector<std::string> known;
    if (!page.empty()) known.push_back(page);
    if (paged && source.pagination.size > 0) known.emplace_back("page.size");
    for (auto& name : slice_names(source))
        known.push_back(std::move(name));
    bool asks_for_page = false;
    bool good = true;
    const Node& request = *node.get("request");
    {
        const Reader::Scope scope(reader, "request");
        good = visit_placeholders(request, reader, [&](const Node& scalar, const std::string& name) {
            asks_for_page = asks_for_page || name == page;
            if (name == "page.token" && &scalar == request.get("path"))
                return reader.refuse(scalar,
                                     "expected " + written(name) +
                                         " in query, headers, form or body: page 1 is asked without it");
            if (is_one_of(known, name)) return true;
            if (!paged && name.starts_with("page."))
                return reader.refuse(scalar,
                                     written(name) +
                                         " does not belong to source.pagination.type: none, which is one "
                                         "request a slice");
            if (name == "page.size")
                return reader.refuse(scalar, "expected source.pagination.size, which it stands for");
            if (!is_one_of({"page.number", "page.offset", "page.token"}, name))
                return refuse_unknown(scalar, reader, name, known);
            return reader.refuse(scalar, written(name) + " does not belong to source.pagination.type: " +
                                             std::string(pagination_name(type)) +
                                             (page.empty() ? ", whose pages are asked for by their URL"
                                                           : "; expected " + written(page)));
        });
        good = check_filters(request, reader, time_names(source)) && good;
    }
    if (!asks_for_page && good && !page.empty()) {
        good = reader.refuse_member(
            node, "request",
            "expected " + written(page) +
                " somewhere in path, query, headers, body or form: the same page would come for ever");
    }
    return good;
}

bool check_column_placeholders(const Node& node, Reader& reader, Config& config) {
    std::vector<std::string> known = slice_names(config.source);
    known.insert(known.end(), {"run.id", "run.started_at"});
    if (!config.streams.empty()) known.emplace_back("stream.name");
    const Reader::Scope sink_scope(reader, "sink");
    const Reader::Scope columns_scope(reader, "columns");
    bool good = true;
    const Node& columns = *node.get("sink")->get("columns");
    for (std::size_t i = 0; i < columns.items.size(); ++i) {
        const Node* value = columns.items[i].get("value");
        if (value == nullptr) continue;
        const Reader::Scope item(reader, std::to_string(i));
        const Reader::Scope key(reader, "value");
        good = visit_placeholders(*value, reader,
                                  [&](const Node& scalar, const std::string& name) {
                                      return is_one_of(known, name) ||
                                             refuse_unknown(scalar, reader, name, known);
                                  }) &&
               good;
        good = check_filters(*value, reader, time_names(config.source)) && good;
    }
    return good;
}

}  // namespace pagehaul::config
