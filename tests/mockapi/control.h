#pragma once

#include <optional>
#include <string>

#include "api.h"

namespace mockapi {

/// What /__wait waits for: one of the counters, at least so high.
struct Waiting {
    std::string counter;
    std::uint64_t at_least = 0;
    bool met(const Counters& counters) const;
};

/// Answers /__log, /__log/clear, /__stats, /__set and /__wait; sets `waiting` for the last.
Reply control(Api& api, const HttpRequest& request, std::optional<Waiting>& waiting);

}  // namespace mockapi
