#include "config/yaml/lines.h"

#include <algorithm>
#include <cstddef>

#include "config/yaml/problem.h"

namespace pagehaul::config {
namespace {

void flatten(const Node& node, const std::string& path, bool within_default, std::vector<Line>& lines) {
    const bool is_default = within_default || node.is_default;
    if (node.members.empty() && node.items.empty()) {
        lines.push_back({.path = path, .value = to_json(node, JsonStyle::compact), .is_default = is_default});
        return;
    }
    const auto first = static_cast<std::ptrdiff_t>(lines.size());
    for (std::size_t i = 0; i < node.items.size(); ++i)
        flatten(node.items[i], join_path(path, std::to_string(i)), is_default, lines);
    for (const auto& member : node.members)
        flatten(member.value, join_path(path, member.key), is_default, lines);
    const bool says_nothing =
        std::all_of(lines.begin() + first, lines.end(), [](const Line& line) { return line.is_default; });
    if (says_nothing && !is_default) lines.push_back({.path = path, .value = "{}", .is_default = false});
}

}  // namespace

std::vector<Line> lines_of(const Node& node, const std::string& path) {
    std::vector<Line> lines;
    flatten(node, path, false, lines);
    return lines;
}

}  // namespace pagehaul::config
