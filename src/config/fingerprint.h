#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/yaml/node.h"

namespace pagehaul::config {

/// The canonical text of what a run pulls and where to: one "key.path = value" a line, sorted, defaults
/// filled in, variables unexpanded, no secrets.
/// @param root the tree that `config` was read from.
std::string fingerprint_text(const Node& root, const Config& config);

/// What variables hold in those keys, "source.request.query.account" and its text. Left out is what is named
/// like a credential: a rotated one pulls the same data.
std::vector<std::pair<std::string, std::string>> held_by_variables(const Node& root);

}  // namespace pagehaul::config
