#include "source/signing/json_members.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace pagehaul::source {
namespace {

/// Behind the string that begins at `at`.
std::size_t behind_string(std::string_view json, std::size_t at) {
    for (++at; at < json.size() && json[at] != '"'; ++at)
        if (json[at] == '\\') ++at;
    return std::min(at + 1, json.size());
}

/// Behind the value that begins at `at`.
std::size_t behind_value(std::string_view json, std::size_t at) {
    int depth = 0;
    while (at < json.size()) {
        const char c = json[at];
        if (c == '"') {
            at = behind_string(json, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}')) break;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
    }
    return at;
}

}  // namespace

std::vector<std::pair<std::string, std::string_view>> json_members(std::string_view object) {
    std::vector<std::pair<std::string, std::string_view>> members;
    if (!object.starts_with("{\"")) return members;
    for (std::size_t at = 1; at < object.size() && object[at] == '"';) {
        const std::size_t colon = behind_string(object, at);
        const std::size_t begin = std::min(colon + 1, object.size());
        const std::size_t end = behind_value(object, begin);
        members.emplace_back(json_as_text(object.substr(at, colon - at)), object.substr(begin, end - begin));
        at = end + 1;
    }
    return members;
}

std::string json_as_text(std::string_view json) {
    if (!json.starts_with('"')) return std::string(json);
    const auto text = nlohmann::json::parse(json, nullptr, false);
    return text.is_string() ? text.get<std::string>() : std::string(json);
}

}  // namespace pagehaul::source
