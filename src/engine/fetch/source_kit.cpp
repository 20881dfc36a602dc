#include "engine/fetch/source_kit.h"

#include <algorithm>
#include <cmath>

#include "config/reread.h"
#include "engine/shared/transports.h"

namespace pagehaul::engine {

SourceKit::SourceKit(Context& context, const machine::Sizing& sizing)
    : transport_(transport_for(context.config.source.base_url, context.config.source.timeout.connect,
                               context.clock)),
      limiter_(context.config.source.limits, context.clock),
      budget_(sizing.byte_budget, sizing.first_request),
      health_({.patience = context.config.run.patience}),
      credentials_(context.config.source.auth,
                   [](const config::Secret& secret) { return config::reread(secret); }),
      requests_(context.config.source),
      judge_(context.config.source),
      gate_(context, {.transport = *transport_,
                      .limiter = limiter_,
                      .budget = budget_,
                      .credentials = credentials_,
                      .requests = requests_,
                      .judge = judge_,
                      .health = health_,
                      .concurrency = {.start = sizing.in_flight_start,
                                      .ceiling = sizing.in_flight_ceiling,
                                      .fixed = sizing.in_flight_fixed},
                      .decoders = static_cast<std::size_t>(std::max(2.0, 2 * std::ceil(sizing.cpus)))}) {}

}  // namespace pagehaul::engine
