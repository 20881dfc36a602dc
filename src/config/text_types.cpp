#include "config/credential_names.h"
#include "config/placeholders.h"
#include "config/types.h"
#include "config/urls.h"
#include "config/values.h"
#include "dsn/dsn.h"

namespace pagehaul::config {
namespace {

Node text_schema() {
    return Node::mapping().with("type", Node::string("string"));
}

// A text type whose variables are secret; `fault` sees the expanded text and must not quote it.
Type<std::string> closed_text(std::string expected,
                              std::function<std::optional<std::string>(std::string_view)> fault) {
    return type_of<std::string>({
        .read =
            [expected = std::move(expected), fault = std::move(fault)](const Node& node, Reader& reader,
                                                                       std::string& out) {
                if (reader.is_unexpanded(node)) return false;
                if (!node.is_scalar()) {
                    return reader.refuse(node, "expected " + expected + ", not " + describe(node));
                }
                if (const auto wrong = fault(node.text)) return reader.refuse(node, *wrong);
                out = node.text;
                return true;
            },
        .show =
            [](const Node* node, const std::string& value) {
                return Node::string(node != nullptr && node->has_variables ? node->raw : value);
            },
        .schema = text_schema,
    });
}

Type<Secret> closed_secret(std::string expected, bool literal_is_secret,
                           std::function<std::optional<std::string>(std::string_view)> fault) {
    const Type<std::string> text = closed_text(std::move(expected), std::move(fault));
    return type_of<Secret>({
        .read =
            [text, literal_is_secret](const Node& node, Reader& reader, Secret& out) {
                if (reader.is_unexpanded(node)) return false;
                if (literal_is_secret && node.is_scalar()) {
                    reader.add_secret(node.text);
                    if (has_literal(node) && !node.has_variables) reader.note_literal(node);
                }
                out.source = node.raw;
                return text.read(node, reader, out.value);
            },
        .show =
            [literal_is_secret](const Node* node, const Secret& value) {
                const bool variable = node != nullptr && node->has_variables;
                return Node::string(variable || !literal_is_secret ? value.source : kLiteralSecret);
            },
        .schema = [text] { return text.schema(); },
    });
}

std::optional<std::string> no_fault(std::string_view) {
    return std::nullopt;
}

std::optional<std::string> template_fault(std::string_view text) {
    const auto found = placeholders(text);
    if (found) return std::nullopt;
    return found.error();
}

bool has_line_break(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

Type<std::string> text() {
    return closed_text("a text", no_fault);
}
Type<std::string> template_text() {
    return closed_text("a text, which may hold {{ … }}", template_fault);
}

Type<std::string> ruled_text(std::string expected, const std::string& pattern,
                             std::function<std::optional<std::string>(std::string_view)> fault) {
    Node schema = text_schema();
    if (!pattern.empty()) schema.with("pattern", Node::string(pattern));
    return leaf<std::string>({
        .expected = std::move(expected),
        .parse = [fault = std::move(fault)](std::string_view text) -> tl::expected<std::string, std::string> {
            if (const auto wrong = fault(text)) return not_expected(*wrong);
            return std::string(text);
        },
        .write = [](const std::string& value) { return Node::string(value); },
        .schema = std::move(schema),
    });
}

Type<std::string> json_pointer(const std::string& expected) {
    return ruled_text("a JSON pointer such as /data/list, " + expected, "^(/([^~]|~[01])*)?$",
                      [](std::string_view text) -> std::optional<std::string> {
                          if (is_json_pointer(text)) return std::nullopt;
                          return "";
                      });
}

Type<std::string> identifier() {
    return ruled_text("a name", "^[^\"]{1,63}$", identifier_fault);
}
Type<std::string> url() {
    return ruled_text("an absolute URL", "^https?://[^?#@]+$", url_fault);
}

Type<Secret> secret() {
    return closed_secret("a secret such as \"${NAME}\" or \"${file:/path}\"", true,
                         [](std::string_view text) -> std::optional<std::string> {
                             if (text.empty()) return "expected a secret that is not empty";
                             if (has_line_break(text)) return "expected a secret without line breaks";
                             return std::nullopt;
                         });
}

Type<Secret> open_secret(const std::string& expected) {
    return closed_secret(expected, false, [expected](std::string_view text) -> std::optional<std::string> {
        if (!text.empty() && !has_line_break(text)) return std::nullopt;
        return "expected " + expected + ", not empty and without line breaks";
    });
}

Type<Secret> private_key() {
    return closed_secret("a private key such as \"${file:/run/secrets/key.pem}\"", true,
                         [](std::string_view text) -> std::optional<std::string> {
                             if (text.find("-----BEGIN ") != std::string_view::npos &&
                                 text.find("PRIVATE KEY-----") != std::string_view::npos)
                                 return std::nullopt;
                             return "expected a private key in PEM, -----BEGIN PRIVATE KEY-----";
                         });
}

Type<Secret> user_name() {
    return closed_secret("a user name", false, [](std::string_view text) -> std::optional<std::string> {
        if (text.empty()) return "expected a user name that is not empty";
        // RFC 7617: the first colon ends the name.
        if (text.find(':') != std::string_view::npos) return "expected a user name without a colon";
        if (has_line_break(text)) return "expected a user name without line breaks";
        return std::nullopt;
    });
}

Type<Secret> secret_template(const std::string& expected) {
    return closed_secret(expected + ", which may hold {{ … }}", false, template_fault);
}

Type<Secret> key_template() {
    return closed_secret("a secret such as \"${NAME}\" or \"${file:/path}\"", true,
                         [](std::string_view text) -> std::optional<std::string> {
                             if (text.empty()) return "expected a secret that is not empty";
                             return template_fault(text);
                         });
}

Type<Secret> header_value() {
    return closed_secret("a header's value", false, [](std::string_view text) -> std::optional<std::string> {
        if (has_line_break(text)) return "expected a header's value without line breaks";
        return template_fault(text);
    });
}

namespace {

// Without what is secret in it. Variables, which may stand for any part of it, stay as they are written:
// numbers in their stead are good in every place.
std::string shown_dsn(const std::string& source) {
    std::vector<std::pair<std::string, std::string>> variables;
    std::string masked;
    std::string variables_alone;
    std::int64_t number = 1'000'000'000;
    for (std::size_t i = 0; i < source.size();) {
        const std::size_t begin = source.find("${", i);
        const std::size_t end = begin == std::string::npos ? begin : source.find('}', begin);
        if (begin > i) variables_alone += kLiteralSecret;
        masked += source.substr(i, std::min(begin, source.size()) - i);
        if (end == std::string::npos) break;
        do {
            ++number;
        } while (source.find(std::to_string(number)) != std::string::npos);
        variables.emplace_back(std::to_string(number), source.substr(begin, end + 1 - begin));
        masked += variables.back().first;
        variables_alone += variables.back().second;
        i = end + 1;
    }
    const auto parsed = dsn::Dsn::parse(masked);
    // "${BASE}?password=x" is no connection string by itself: what stands beside the variable may be secret.
    if (!parsed) return variables_alone;
    std::string shown = parsed->without_secrets();
    for (const auto& [stand_in, variable] : variables) {
        const std::size_t at = shown.find(stand_in);
        if (at != std::string::npos) shown.replace(at, stand_in.size(), variable);
    }
    return shown;
}

}  // namespace

Type<Secret> dsn() {
    return type_of<Secret>({
        .read =
            [](const Node& node, Reader& reader, Secret& out) {
                if (reader.is_unexpanded(node)) return false;
                reader.add_secret(node.text);
                const auto parsed = dsn::Dsn::parse(node.text);
                if (!parsed) {
                    return reader.refuse(
                        node, parsed.error().message + (node.is_scalar() ? "" : ", not " + describe(node)));
                }
                if (!parsed->secrets().empty() && !node.has_variables) reader.note_literal(node);
                for (const std::string& secret : parsed->secrets()) {
                    reader.add_secret(secret);
                    reader.add_secret(dsn::spelling_in(node.text, secret));
                }
                out = {.value = node.text, .source = node.raw};
                return true;
            },
        .show = [](const Node*, const Secret& value) { return Node::string(shown_dsn(value.source)); },
        .schema = text_schema,
    });
}

namespace {

// Walks a document: variables in it are secret, their failures reported already; templates are checked.
bool check_document(const Node& node, Reader& reader) {
    if (reader.is_unexpanded(node)) return false;
    bool good = true;
    if (node.is_scalar()) {
        if (const auto wrong = template_fault(node.text)) good = reader.refuse(node, *wrong);
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        good = check_document(node.items[i], reader) && good;
    }
    for (const auto& member : node.members) {
        const Reader::Scope scope(reader, member.key);
        good = check_document(member.value, reader) && good;
    }
    return good;
}

Node unexpanded(Node node) {
    if (node.has_variables) node = Node::string(node.raw);
    for (auto& item : node.items)
        item = unexpanded(std::move(item));
    for (auto& member : node.members)
        member.value = unexpanded(std::move(member.value));
    return node;
}

}  // namespace

Type<Json> json_document() {
    return type_of<Json>({
        .read =
            [](const Node& node, Reader& reader, Json& out) {
                if (!node.is_mapping() && !node.is_sequence()) {
                    return reader.refuse(node, "expected a mapping or a list, not " + describe(node));
                }
                if (!check_document(node, reader)) return false;
                out.text = to_json(node, JsonStyle::compact);
                return true;
            },
        .show = [](const Node* node, const Json&) { return node == nullptr ? Node{} : unexpanded(*node); },
        .schema =
            [] {
                return Node::mapping().with("type", Node::strings({"object", "array"}));
            },
    });
}

Type<SliceValue> slice_value(bool allow_boolean) {
    std::vector<std::string> types{"string", "number"};
    if (allow_boolean) types.emplace_back("boolean");
    const std::string expected = allow_boolean ? "a string, a number, true or false" : "a string or a number";
    return type_of<SliceValue>({
        .read =
            [allow_boolean, expected](const Node& node, Reader& reader, SliceValue& out) {
                reader.mark_open(node);
                if (reader.is_unexpanded(node)) return false;
                if (!node.is_scalar()) {
                    return reader.refuse(node, "expected " + expected + ", not " + describe(node));
                }
                const bool plain = !node.quoted && !node.has_variables;
                if (plain && !allow_boolean && (node.text == "true" || node.text == "false")) {
                    return reader.refuse(
                        node, "expected " + expected + ", not a boolean: quote it to make it a string");
                }
                out = {.text = node.text, .is_number = plain && is_json_number(node.text)};
                return true;
            },
        .show =
            [](const Node* node, const SliceValue& value) {
                if (node != nullptr && node->has_variables) return Node::string(node->raw);
                return value.is_number ? Node::plain(value.text) : Node::string(value.text);
            },
        .schema = [types] { return Node::mapping().with("type", Node::strings(types)); },
    });
}

}  // namespace pagehaul::config
