#include "config/shown_credential.h"

#include <string_view>

#include <nlohmann/json.hpp>

#include "config/credential_names.h"

namespace pagehaul::config {
namespace {

using Found = std::optional<std::string>;

/// Whether a template says something beside its placeholders; blanks are nothing.
bool says_something(std::string_view text) {
    while (!text.empty()) {
        const std::size_t open = text.find("{{");
        if (text.substr(0, open).find_first_not_of(" \t") != std::string_view::npos) return true;
        const std::size_t close = text.find("}}", open);
        if (close == std::string_view::npos) return open != std::string_view::npos;
        text.remove_prefix(close + 2);
    }
    return false;
}

/// @param named `at`, or what is around it, has the name of a credential
Found in_document(const nlohmann::ordered_json& at, const std::string& path, bool named) {
    if (at.is_string() && named && says_something(at.get_ref<const std::string&>())) return path;
    if (!at.is_structured()) return std::nullopt;
    for (const auto& [key, value] : at.items()) {
        const bool its_named = named || (at.is_object() && is_credential_name(key));
        if (Found found = in_document(value, path + "." + key, its_named)) return found;
    }
    return std::nullopt;
}

Found in_document(const Json& document, const std::string& path, bool named) {
    return in_document(nlohmann::ordered_json::parse(document.text, nullptr, false), path, named);
}

Found in_parameters(const Parameters& parameters, const std::string& path) {
    for (const auto& [name, value] : parameters) {
        const bool named = is_credential_name(name);
        if (value.json) {
            if (Found found = in_document(*value.json, path + "." + name, named)) return found;
        }
        for (const std::string& text : value.texts)
            if (named && says_something(text)) return path + "." + name;
    }
    return std::nullopt;
}

}  // namespace

Found shown_credential(const Request& request) {
    for (const auto& [name, value] : request.headers)
        if (is_credential_header(name) && says_something(value.value)) return "headers." + name;
    if (Found found = in_parameters(request.query, "query")) return found;
    if (Found found = in_parameters(request.form, "form")) return found;
    return request.body ? in_document(*request.body, "body", false) : std::nullopt;
}

}  // namespace pagehaul::config
