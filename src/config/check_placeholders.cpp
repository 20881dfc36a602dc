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
        if (std::holds_alternative<DateDimension>(dimension.values))
            names.push_back("slice." + dimension.name + "_end");
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

bool refuse_unknown(const Node& node, Reader& reader, const std::string& name,
                    const std::vector<std::string>& known) {
    // A placeholder out of an expanded secret is not shown.
    const std::string shown = node.has_variables ? "a placeholder of this value" : written(name);
    const std::string choices = known.empty() ? "none (source.slices is empty)" : join(known, ", ");
    return reader.refuse(node, shown + " is not known here; expected one of: " + choices);
}

}  // namespace

bool check_request_placeholders(const Node& node, Reader& reader, Source& source) {
    const bool by_number = source.pagination.type == PaginationType::page_number;
    const std::string page = by_number ? "page.number" : "page.offset";
    const std::string other = by_number ? "page.offset" : "page.number";
    std::vector<std::string> known{page, "page.size"};
    for (auto& name : slice_names(source))
        known.push_back(std::move(name));
    bool asks_for_page = false;
    bool good = true;
    const Node& request = *node.get("request");
    {
        const Reader::Scope scope(reader, "request");
        good = visit_placeholders(request, reader, [&](const Node& scalar, const std::string& name) {
            asks_for_page = asks_for_page || name == page;
            if (is_one_of(known, name)) return true;
            if (name != other) return refuse_unknown(scalar, reader, name, known);
            return reader.refuse(scalar, written(other) + " does not belong to source.pagination.type: " +
                                             (by_number ? "page_number" : "offset") + "; expected " +
                                             written(page));
        });
    }
    if (!asks_for_page && good) {
        good = reader.refuse_member(
            node, "request",
            "expected " + written(page) +
                " somewhere in path, query, headers or body: the same page would come for ever");
    }
    return good;
}

bool check_column_placeholders(const Node& node, Reader& reader, Config& config) {
    const std::vector<std::string> known = slice_names(config.source);
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
    }
    return good;
}

}  // namespace pagehaul::config
