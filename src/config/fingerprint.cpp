#include "config/fingerprint.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/credential_names.h"
#include "config/declaration.h"
#include "core/ascii.h"
#include "dsn/dsn.h"

namespace pagehaul::config {
namespace {

// How fast and how patiently the source is read, and who we are to it, changes nothing of what is pulled.
bool is_left_out(const std::string& source_key) {
    return source_key == "limits" || source_key == "retry" || source_key == "timeout" ||
           source_key == "auth" || source_key == "signing";
}

// What may be done to make the target fit is no part of which target it is.
bool is_left_out_of_sink(const std::string& key) {
    return key == "ddl";
}

// In a query or a body, where names are shorter and more of them mean something else than in a header.
bool is_named_like_a_credential(const std::string& name) {
    static constexpr std::array<std::string_view, 4> names{"key", "sign", "auth", "access_key"};
    const std::string text = lower(name);
    return std::find(names.begin(), names.end(), text) != names.end() || is_credential_name(name);
}

using Held = std::vector<std::pair<std::string, std::string>>;

void collect(const Node& node, const std::string& path, bool (*stays_out)(const std::string& key),
             Held& held) {
    if (node.is_scalar() && node.has_variables) held.emplace_back(path, node.text);
    for (std::size_t i = 0; i < node.items.size(); ++i)
        collect(node.items[i], join_path(path, std::to_string(i)), stays_out, held);
    for (const auto& member : node.members) {
        if (!stays_out(member.key)) collect(member.value, join_path(path, member.key), stays_out, held);
    }
}

bool nothing(const std::string&) {
    return false;
}
bool credential_headers(const std::string& name) {
    return is_credential_header(name);
}

/// Where the pages begin, as if it were written.
Source with_first_page(Source source) {
    Pagination& pagination = source.pagination;
    if (pagination.first) return source;
    if (pagination.type == PaginationType::page_number) pagination.first = 1;
    if (pagination.type == PaginationType::offset) pagination.first = 0;
    return source;
}

}  // namespace

std::vector<Line> fingerprint_lines(const Node& root, const Stream& stream) {
    Node source = declare_source().show(root.get("source"), with_first_page(stream.source));
    std::erase_if(source.members, [](const Member& member) { return is_left_out(member.key); });
    if (Member* response = source.find("response"))
        std::erase_if(response->value.members, [](const Member& rule) { return rule.key == "otherwise"; });
    Node sink = declare_sink().show(root.get("sink"), stream.sink);
    std::erase_if(sink.members, [](const Member& member) { return is_left_out_of_sink(member.key); });
    return lines_of(Node::mapping().with("source", std::move(source)).with("sink", std::move(sink)), "");
}

Held held_by_variables(const Node& root) {
    Held held;
    if (const Node* source = root.get("source")) {
        for (const auto& [key, value, place] : source->members) {
            if (is_left_out(key)) continue;
            if (key != "request") {
                collect(value, "source." + key, nothing, held);
                continue;
            }
            for (const auto& [part, its_value, its_place] : value.members)
                collect(its_value, "source.request." + part,
                        part == "headers" ? credential_headers : is_named_like_a_credential, held);
        }
    }
    if (const Node* sink = root.get("sink")) {
        for (const auto& [key, value, place] : sink->members) {
            if (is_left_out_of_sink(key)) continue;
            const auto dsn =
                key == "dsn" && value.has_variables ? dsn::Dsn::parse(value.text) : Result<dsn::Dsn>();
            if (key != "dsn")
                collect(value, "sink." + key, nothing, held);
            else if (value.has_variables && dsn)
                held.emplace_back("sink.dsn", dsn->without_secrets());
        }
    }
    std::sort(held.begin(), held.end());
    return held;
}

}  // namespace pagehaul::config
