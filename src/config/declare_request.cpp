#include <algorithm>
#include <array>
#include <string>

#include "config/credential_names.h"
#include "config/declaration.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/values.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

std::optional<std::string> path_fault(std::string_view path) {
    if (!path.starts_with('/')) return "expected a path that begins with /, appended to source.base_url";
    if (path.starts_with("//")) return "expected a path that begins with one /";
    const auto found = placeholders(path);
    if (!found) return found.error();
    // Blanks may stand in placeholders only.
    std::string outside;
    for (std::size_t i = 0; i < path.size();) {
        if (path.substr(i).starts_with("{{")) {
            i = path.find("}}", i) + 2;
        } else {
            outside += path[i++];
        }
    }
    if (outside.find_first_of("?#") != std::string::npos) {
        return "expected a path without ? and #: parameters belong in source.request.query";
    }
    if (std::any_of(outside.begin(), outside.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; })) {
        return "expected a path without blanks and control characters";
    }
    return std::nullopt;
}

// Header names are equal whatever their case: a second spelling is a duplicate that YAML does not see.
bool check_headers(const Node& node, Reader& reader, Request& request) {
    bool good = true;
    std::vector<std::string> seen;
    for (const auto& [name, value] : request.headers) {
        if (std::find(seen.begin(), seen.end(), lower(name)) != seen.end()) {
            good =
                reader.refuse_below(node, {"headers", name}, "duplicate header: names differ in case only");
        }
        seen.push_back(lower(name));
    }
    return good;
}

// What is named like a secret is one, also where it is written into the file.
bool tell_request_secrets(const Node& node, Reader& reader, Request&) {
    for (const std::string key : {"query", "headers", "body", "form"}) {
        const Node* const part = node.get(key);
        if (part == nullptr) continue;
        const Reader::Scope scope(reader, key);
        tell_secrets(*part, key == "headers" ? is_credential_header : is_credential_name, reader);
    }
    return true;
}

bool check_body(const Node& node, Reader& reader, Request& request) {
    if (!request.body || request.form.empty()) return true;
    return reader.refuse_member(node, "form", "expected either body or form, not both");
}

/// The same type, with its literals shown by their names.
template <class T>
Type<T> named_secrets(const Type<T>& plain, bool (*is_secret)(std::string_view)) {
    return type_of<T>({
        .read = [plain](const Node& node, Reader& reader, T& out) { return plain.read(node, reader, out); },
        .show = [plain, is_secret](
                    const Node* node,
                    const T& value) { return without_secrets(plain.show(node, value), is_secret); },
        .schema = [plain] { return plain.schema(); },
    });
}

/// A text; a list of texts, of which each is sent; or a mapping, sent as JSON.
Type<Parameter> parameter() {
    const auto one = template_text();
    const auto several = list_of(one, "a text, a list of texts or a mapping", 1);
    const auto document = json_document();
    return type_of<Parameter>({
        .read =
            [one, several, document](const Node& node, Reader& reader, Parameter& out) {
                if (node.is_mapping()) return document.read(node, reader, out.json.emplace());
                if (node.is_sequence()) return several.read(node, reader, out.texts);
                return one.read(node, reader, out.texts.emplace_back());
            },
        .show =
            [one, several, document](const Node* node, const Parameter& value) {
                if (value.json) return document.show(node, *value.json);
                const bool alone = value.texts.size() == 1 && (node == nullptr || !node->is_sequence());
                return alone ? one.show(node, value.texts.front()) : several.show(node, value.texts);
            },
        .schema =
            [one, several] {
                Node mapping = Node::mapping().with("type", Node::string("object"));
                return Node::mapping().with(
                    "anyOf", Node::sequence({one.schema(), several.schema(), std::move(mapping)}));
            },
    });
}

Type<Parameters> parameters() {
    const auto any_name = [](const std::string& name) -> std::optional<std::string> {
        if (!name.empty()) return std::nullopt;
        return "expected a parameter's name, not an empty one";
    };
    return named_secrets(
        dictionary<Parameter>(parameter(), "a mapping of parameter names to values", any_name),
        is_credential_name);
}

Type<std::vector<std::pair<std::string, Secret>>> headers() {
    const auto check = [](const std::string& name) { return header_name_fault(name); };
    return named_secrets(dictionary<Secret>(header_value(), "a mapping of header names to values", check),
                         is_credential_header);
}

}  // namespace

std::optional<std::string> header_name_fault(std::string_view name) {
    static constexpr std::array<std::string_view, 8> ours{"host",
                                                          "content-length",
                                                          "transfer-encoding",
                                                          "connection",
                                                          "accept-encoding",
                                                          "expect",
                                                          "content-encoding",
                                                          "upgrade"};
    if (!is_header_name(name)) return "expected a header's name: letters, digits and !#$%&'*+-.^_`|~";
    if (std::find(ours.begin(), ours.end(), lower(name)) != ours.end()) {
        return "expected another header: pagehaul sets this one itself";
    }
    return std::nullopt;
}

Object<Request> declare_request() {
    return Object<Request>()
        .key("method", &Request::method, choice<std::string>({{"GET", "GET"}, {"POST", "POST"}}),
             "The request must be safe to repeat.")
        .required("path", &Request::path, ruled_text("a path that begins with /", "^/", path_fault),
                  "Appended to source.base_url; a template.")
        .key("query", &Request::query, parameters(),
             "Query parameters; their values are templates. A list repeats its parameter; a mapping is sent "
             "as "
             "JSON.")
        .key("headers", &Request::headers, headers(), "Request headers; their values are templates.")
        .key("body", &Request::body, optionally(named_secrets(json_document(), is_credential_name)),
             "A JSON body; strings in it are templates.")
        .key("form", &Request::form, parameters(),
             "A body of parameters as an HTML form sends them (application/x-www-form-urlencoded), written "
             "like "
             "query.")
        .key("redirects", &Request::redirects,
             choice<Redirects>({{"refused", Redirects::refused}, {"same_origin", Redirects::same_origin}}),
             "same_origin: redirects to the origin of source.base_url are followed, five at most; all others "
             "are "
             "refused.")
        .check({}, tell_request_secrets)
        .check({"headers"}, check_headers)
        .check({"body", "form"}, check_body);
}

}  // namespace pagehaul::config
