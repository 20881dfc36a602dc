#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "http/transport.h"

namespace pagehaul::engine {

/// A transport to the origin of `base_url`, by the environment's proxy where there is one. Throws
/// Failure(config).
std::unique_ptr<http::Transport> transport_for(const std::string& base_url, Millis connect_timeout,
                                               const Clock& clock);

}  // namespace pagehaul::engine
