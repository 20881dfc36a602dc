#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/yaml/node.h"
#include "config/yaml/problem.h"

namespace pagehaul::config {

/// One `--set key.path=value`, and where it came from: "--set key.path=value" or "PAGEHAUL_SET".
struct Override {
    std::string text;
    std::string origin;
};

/// PAGEHAUL_SET holds overrides one a line (a value may hold commas); blank lines are skipped.
std::vector<Override> overrides_from_environment(std::string_view value);

/// Sets one value in the tree, making the mappings on its way. A number is an element of a list: an existing
/// one, or the next to append. Whether the key is declared is for the reader of the tree to say.
void apply_override(Node& root, const Override& override, Problems& problems);

}  // namespace pagehaul::config
