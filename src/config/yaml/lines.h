#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "config/yaml/node.h"

namespace pagehaul::config {

/// A leaf of a tree: "sink.columns.0.name", "\"id\"".
struct Line {
    std::string path;
    std::string value;        ///< JSON
    bool is_default = false;  ///< the key, or one around it, holds what it would hold if it were left out

    friend bool operator==(const Line&, const Line&) = default;
    friend bool operator<(const Line& one, const Line& other) {
        return std::tie(one.path, one.value) < std::tie(other.path, other.value);
    }
};

/// A shown tree's leaves, in its order. Those that are no defaults tell one tree from another, and stay the
/// same when a newer program shows more keys: so a mapping that is written and holds nothing but defaults is
/// a line too, "{}".
std::vector<Line> lines_of(const Node& node, const std::string& path);

}  // namespace pagehaul::config
