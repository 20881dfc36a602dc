#pragma once

#include <string>

#include "config/config.h"
#include "config/yaml/node.h"

namespace pagehaul::config {

/// The canonical text of what a run pulls and where to: one "key.path = value" a line, sorted, defaults
/// filled in, variables unexpanded, no secrets.
/// @param root the tree that `config` was read from.
std::string fingerprint_text(const Node& root, const Config& config);

}  // namespace pagehaul::config
