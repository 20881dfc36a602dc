#pragma once

#include <utility>

#include "engine/fetch/fetcher.h"

namespace pagehaul::engine::testing {

inline Result<config::Secret> static_secret(const config::Secret&) {
    return fail(ErrorKind::credential, "", "static");
}

/// What stands between a fetch worker and a transport, for one request at a time; made from the context's
/// config as it is now.
struct GateParts {
    GateParts(Context& context, http::Transport& transport,
              source::Credentials::Reread reread = static_secret)
        : limiter(context.config.source.limits, context.clock),
          budget(1 << 20, 64 * 1024),
          health({.patience = context.config.run.patience}),
          credentials(context.config.source.auth, std::move(reread)),
          requests(context.config.source),
          judge(context.config.source),
          gate(context, {.transport = transport,
                         .limiter = limiter,
                         .budget = budget,
                         .credentials = credentials,
                         .requests = requests,
                         .judge = judge,
                         .health = health,
                         .concurrency = {.start = 1, .ceiling = 1, .fixed = true}}) {}
    http::RateLimiter limiter;
    ByteBudget budget;
    SourceHealth health;
    source::Credentials credentials;
    source::Requests requests;
    source::Judge judge;
    SourceGate gate;
};

}  // namespace pagehaul::engine::testing
