#include "config/fingerprint.h"

#include <algorithm>
#include <vector>

#include "config/declaration.h"

namespace pagehaul::config {
namespace {

void flatten(const Node& node, const std::string& path, std::vector<std::string>& lines) {
    const bool empty = node.members.empty() && node.items.empty();
    if (empty) {
        lines.push_back(path + " = " + to_json(node, JsonStyle::compact));
        return;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        flatten(node.items[i], join_path(path, std::to_string(i)), lines);
    }
    for (const auto& member : node.members)
        flatten(member.value, join_path(path, member.key), lines);
}

// How fast and how patiently the source is read changes nothing of what is pulled.
bool is_left_out(const std::string& source_key) {
    return source_key == "limits" || source_key == "retry" || source_key == "timeout";
}

}  // namespace

std::string fingerprint_text(const Node& root, const Config& config) {
    std::vector<std::string> lines;
    Node source = declare_source().show(root.get("source"), config.source);
    std::erase_if(source.members, [](const Member& member) { return is_left_out(member.key); });
    flatten(source, "source", lines);
    flatten(declare_sink().show(root.get("sink"), config.sink), "sink", lines);
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    return text;
}

}  // namespace pagehaul::config
