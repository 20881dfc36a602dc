#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/config.h"
#include "config/redact.h"
#include "config/yaml/overrides.h"
#include "config/yaml/problem.h"
#include "config/yaml/variables.h"

namespace pagehaul::config {

/// The tz database of this machine has this zone, under /usr/share/zoneinfo.
bool zone_exists(const std::string& zone);

struct LoadOptions {
    VariableSources variables;  ///< also reads the config file and PAGEHAUL_SET
    /// `--set` of the command line, each "key.path=value"; applied after PAGEHAUL_SET, so that they win.
    std::vector<std::string> set;
    /// `--stream`: only these, and those whose records make their slices. Empty: all.
    std::vector<std::string> streams{};
    std::function<bool(const std::string&)> zone_exists = config::zone_exists;
    /// Learns every secret that is met, also when loading fails. Null: none is kept.
    Redactor* redactor = nullptr;
};

/// Reads and checks a whole config file: all its problems at once, in the file's order, safe to print.
/// A problem of an override stands at "--set key.path=value", or at "PAGEHAUL_SET".
tl::expected<Config, std::vector<Problem>> load(const std::string& path, const LoadOptions& options);

/// The JSON Schema (draft 2020-12) of a config file, from the same declaration. Ends with a newline.
std::string json_schema();

}  // namespace pagehaul::config
