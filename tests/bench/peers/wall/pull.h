#pragma once

#include "config/config.h"

namespace bench {

/// Fetches every page and copies it into the target. Throws pagehaul::Failure or postgres::SqlError; nothing
/// is retried.
void pull(const pagehaul::config::Config& config);

}  // namespace bench
