#include "config/yaml/overrides.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "config/yaml/yaml.h"

namespace pagehaul::config {
namespace {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> keys;
    while (true) {
        const std::size_t dot = path.find('.');
        keys.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return keys;
        path.remove_prefix(dot + 1);
    }
}

std::optional<std::size_t> index_of(const std::string& key) {
    std::size_t index = 0;
    const char* end = key.data() + key.size();
    const auto [rest, error] = std::from_chars(key.data(), end, index);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return index;
}

// The child called `key`, made if it is missing; null and a problem if there can be none.
Node* descend(Node& parent, const std::string& key, const std::string& path, const Place& place,
              Problems& problems) {
    if (parent.is_null()) {
        parent = Node::mapping();
        parent.place = place;
    }
    if (parent.is_mapping()) {
        if (Member* member = parent.find(key)) return &member->value;
        parent.members.push_back({.key = key, .value = {}, .place = place});
        parent.members.back().value.place = place;
        return &parent.members.back().value;
    }
    if (parent.is_sequence()) {
        const auto index = index_of(key);
        if (index && *index < parent.items.size()) return &parent.items[*index];
        if (index && *index == parent.items.size()) {
            parent.items.emplace_back();
            parent.items.back().place = place;
            return &parent.items.back();
        }
        problems.push_back({.place = place,
                            .path = path,
                            .text = "expected a list index from 0 to " + std::to_string(parent.items.size()) +
                                    " (the last one appends), not \"" + key + "\""});
        return nullptr;
    }
    problems.push_back(
        {.place = place, .path = path, .text = "unknown key: what it is set in is a single value"});
    return nullptr;
}

}  // namespace

std::vector<Override> overrides_from_environment(std::string_view value) {
    std::vector<Override> overrides;
    while (!value.empty()) {
        const std::size_t end = value.find('\n');
        std::string_view line = value.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") != std::string_view::npos) {
            line.remove_prefix(line.find_first_not_of(" \t"));
            overrides.push_back({.text = std::string(line), .origin = "PAGEHAUL_SET"});
        }
        if (end == std::string_view::npos) break;
        value.remove_prefix(end + 1);
    }
    return overrides;
}

void apply_override(Node& root, const Override& override, Problems& problems) {
    const Place place{.origin = override.origin};
    const std::size_t equals = override.text.find('=');
    const auto keys = split_path(std::string_view(override.text).substr(0, equals));
    const bool has_empty = std::any_of(keys.begin(), keys.end(), [](const auto& key) { return key.empty(); });
    if (equals == std::string::npos || has_empty) {
        problems.push_back({.place = place, .path = {}, .text = "expected key.path=value"});
        return;
    }
    if (keys.size() > static_cast<std::size_t>(kMaxDepth)) {
        problems.push_back({.place = place, .path = {}, .text = "expected at most 32 keys in the path"});
        return;
    }
    const std::string path = override.text.substr(0, equals);
    const std::size_t before = problems.size();
    Node value = parse_yaml_value(std::string_view(override.text).substr(equals + 1), place, path, problems);
    if (problems.size() > before) return;
    Node* node = &root;
    for (const auto& key : keys) {
        node = descend(*node, key, path, place, problems);
        if (node == nullptr) return;
    }
    *node = std::move(value);
}

}  // namespace pagehaul::config
