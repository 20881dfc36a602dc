#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/yaml/lines.h"

namespace pagehaul::config {

/// What a stream pulls and where to: each key's path and value, defaults filled in, variables unexpanded, no
/// secrets.
/// @param root the tree that it was read from, as a file of its own.
std::vector<Line> fingerprint_lines(const Node& root, const Stream& stream);

/// What variables hold in those keys, "source.request.query.account" and its text. Left out is what is named
/// like a credential: a rotated one pulls the same data.
std::vector<std::pair<std::string, std::string>> held_by_variables(const Node& root);

}  // namespace pagehaul::config
