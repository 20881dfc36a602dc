#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/yaml/node.h"
#include "config/yaml/problem.h"
#include "core/error.h"

namespace pagehaul::config {

/// Reads a whole file; the error says why not. The seam to the file system.
using ReadFile = std::function<Result<std::string>(const std::string& path, std::size_t max_bytes)>;
/// The value of an environment variable, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
std::optional<std::string> process_environment(const std::string& name);

/// Where `${…}` gets its values.
struct VariableSources {
    Environment environment = process_environment;
    ReadFile read_file = config::read_file;
};

struct Expanded {
    struct Value {
        std::string text;
        bool from_file = false;
        std::string cut{};  ///< the environment variable that ended in a newline, which was left out
    };
    std::string text;
    std::vector<Value> values;  ///< one a variable
};

constexpr std::size_t kMaxSecretBytes = 64UL << 10U;

/// Replaces `${NAME}` by the environment's value, `${file:/path}` by the file's text, both without a trailing
/// newline, and `$${` by a literal `${`.
/// @return the text, or what is wrong; neither names a value.
tl::expected<Expanded, std::string> expand(std::string_view raw, const VariableSources& sources);

/// What each scalar that held variables expanded to.
using Expansions = std::unordered_map<const Node*, std::vector<Expanded::Value>>;

/// Expands every scalar of the tree in place.
Expansions expand_tree(Node& root, const VariableSources& sources, Problems& problems);

}  // namespace pagehaul::config
