#include "config/credential_names.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/ascii.h"

namespace pagehaul::config {
namespace {

/// Texts between `{{ … }}` and `${…}`, without what is blank.
std::vector<std::string> literals(std::string_view text) {
    std::vector<std::string> found;
    const auto take = [&](std::string_view part) {
        const std::size_t begin = part.find_first_not_of(" \t");
        if (begin != std::string_view::npos)
            found.emplace_back(part.substr(begin, part.find_last_not_of(" \t") + 1 - begin));
    };
    while (!text.empty()) {
        const std::size_t open = std::min(text.find("{{"), text.find("${"));
        take(text.substr(0, open));
        if (open == std::string_view::npos) break;
        const std::string_view close = text[open] == '{' ? "}}" : "}";
        const std::size_t end = text.find(close, open);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + close.size());
    }
    return found;
}

}  // namespace

bool is_credential_header(std::string_view name) {
    static constexpr std::array<std::string_view, 8> signs{"auth",     "token",  "key",     "secret",
                                                           "password", "cookie", "session", "signature"};
    const std::string text = lower(name);
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
}

bool is_credential_name(std::string_view name) {
    static constexpr std::array<std::string_view, 9> signs{"token",     "secret",     "password",
                                                           "passwd",    "apikey",     "accesskey",
                                                           "signature", "credential", "authorization"};
    std::string text = lower(name);
    std::erase_if(text, [](char c) { return c == '-' || c == '_'; });
    // A number of them: `max_tokens`.
    if (text.ends_with("tokens")) return false;
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
}

bool has_literal(const Node& scalar) {
    return !literals(scalar.has_variables ? scalar.raw : scalar.text).empty();
}

void tell_secrets(const Node& node, bool (*is_secret)(std::string_view), Reader& reader,
                  std::string_view name) {
    if (node.is_scalar() && is_secret(name) && has_literal(node)) {
        for (const std::string& literal : literals(node.text))
            reader.add_secret(literal);
        if (!node.has_variables) reader.note_literal(node);
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Reader::Scope scope(reader, std::to_string(i));
        tell_secrets(node.items[i], is_secret, reader, name);
    }
    for (const Member& member : node.members) {
        const Reader::Scope scope(reader, member.key);
        tell_secrets(member.value, is_secret, reader, is_secret(name) ? name : member.key);
    }
}

Node without_secrets(Node shown, bool (*is_secret)(std::string_view), std::string_view name) {
    if (shown.is_scalar() && is_secret(name) && shown.text.find("${") == std::string::npos &&
        has_literal(shown))
        return Node::string(kLiteralSecret);
    for (Node& item : shown.items)
        item = without_secrets(std::move(item), is_secret, name);
    for (Member& member : shown.members)
        member.value = without_secrets(std::move(member.value), is_secret,
                                       is_secret(name) ? name : std::string_view(member.key));
    return shown;
}

}  // namespace pagehaul::config
