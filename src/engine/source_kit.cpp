#include "engine/source_kit.h"

#include <algorithm>
#include <cmath>

#include "config/variables.h"
#include "http/url.h"

namespace pagehaul::engine {

std::unique_ptr<http::Transport> transport_for(const std::string& base_url, Millis connect_timeout,
                                               const Clock& clock) {
    auto url = http::parse_url(base_url);
    if (!url) throw Failure(url.error());
    auto proxy = http::proxy_for(base_url, config::process_environment);
    if (!proxy) throw Failure(proxy.error());
    return http::make_transport(
        {.base_url = url->origin(), .connect_timeout = connect_timeout, .ca_file = {}, .proxy = *proxy},
        clock);
}

SourceKit::SourceKit(Context& context, const Sizing& sizing)
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
