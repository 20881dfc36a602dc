#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/yaml/node.h"
#include "config/yaml/problem.h"

namespace pagehaul::config {

constexpr std::size_t kMaxFileBytes = 1UL << 20U;
constexpr int kMaxDepth = 32;

/// Reads one YAML document. Refused, each with its place: anchors and aliases, tags, merge keys, keys that
/// are not plain strings, duplicate keys, more than one document, nesting over kMaxDepth, an unterminated
/// quote, text that is not UTF-8. What follows a syntax error is not read. Scalars stay as written: only null
/// is told from a string here, the rest is for whoever knows the key's type.
/// @param origin the name that places carry.
/// @return the root (null when nothing could be read); problems are appended.
Node parse_yaml(std::string_view text, const std::string& origin, Problems& problems);

/// Reads the value of a `--set`: a flow collection or a quoted string where it begins with [, {, " or '; else
/// a plain scalar to its last character (commas, colons and # stand for themselves; `null` and `~` are null,
/// nothing at all is the empty string). Everything in it has `place`.
Node parse_yaml_value(std::string_view text, const Place& place, const std::string& path, Problems& problems);

}  // namespace pagehaul::config
