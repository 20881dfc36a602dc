#pragma once

#include <string>
#include <vector>

#include "config/yaml/node.h"

namespace pagehaul::config {

/// One thing wrong with a config, in the user's terms. Safe to print: it quotes no expanded value.
struct Problem {
    Place place;
    std::string path;  ///< "sink.columns.0.type"; empty: the file as a whole
    std::string text;  ///< what was expected

    /// "file:line:col key.path: what was expected".
    std::string line() const;
};

using Problems = std::vector<Problem>;

/// One line a problem, for a message to people, whatever its keys hold.
std::string to_text(const Problems& problems);

/// "parent.key", or the key alone at the root.
std::string join_path(const std::string& parent, const std::string& key);

}  // namespace pagehaul::config
