#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"

namespace pagehaul::pool {

/// The *.yaml and *.yml of a folder, sorted. What begins with a dot is left out: of a mounted ConfigMap the
/// files stand there a second time. Throws Failure of kind config where the folder cannot be read.
std::vector<std::filesystem::path> config_files(const std::filesystem::path& folder);

/// What is wrong with these files as one pool, a line each: all must name the same queue of a broker, and no
/// two the same pipeline.
std::vector<std::string> problems(const std::vector<std::pair<std::string, config::Config>>& files);

}  // namespace pagehaul::pool
