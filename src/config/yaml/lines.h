#pragma once

#include <compare>
#include <string>
#include <vector>

#include "config/yaml/node.h"

namespace pagehaul::config {

/// A leaf of a tree: "sink.columns.0.name", "\"id\"".
struct Line {
    std::string path;
    std::string value;        ///< JSON
    bool is_default = false;  ///< the key, or one around it, holds what it would hold if it were left out
    auto operator<=>(const Line&) const = default;
};

/// A shown tree's leaves, in its order. Those that are no defaults tell one tree from another, and stay the
/// same when a newer program shows more keys: so a mapping that is written and holds nothing but defaults is
/// a line too, "{}".
std::vector<Line> lines_of(const Node& node, const std::string& path);

}  // namespace pagehaul::config
