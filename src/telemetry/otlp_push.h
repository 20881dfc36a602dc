#pragma once

#include <memory>

#include "telemetry/metric_settings.h"
#include "telemetry/push.h"

namespace pagehaul::telemetry {

/// A request to the target, with an export in OTLP's JSON.
http::Request export_to(const OtlpTarget& target, std::string body);

/// To a receiver of OTLP: one POST of what `body` renders, never repeated, since the next push tells all of
/// it again; none before the time is over that the receiver asked for (Retry-After). Anything but a 2xx, and
/// a 2xx that rejects some of it, is an error as of push_once. The transport must be for `settings.origin`.
Way way_to(const MetricSettings& settings, std::unique_ptr<http::Transport> transport, Render body,
           const Clock& clock);

}  // namespace pagehaul::telemetry
