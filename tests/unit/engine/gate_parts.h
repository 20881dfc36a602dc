#pragma once

#include <utility>

#include "engine/fetch/fetcher.h"
#include "source/auth/open.h"

namespace pagehaul::engine::testing {

inline Result<config::Secret> static_secret(const config::Secret&) {
    return fail(ErrorKind::credential, "", "static");
}

/// What stands between a fetch worker and a transport, for one request at a time; made from the context's
/// config as it is now.
struct GateParts {
    GateParts(Context& context, http::Transport& transport, source::Reread reread = static_secret)
        : limiter(context.config.source.limits, context.clock),
          budget(1 << 20, 64 * 1024),
          health({.patience = context.config.run.patience}),
          credentials(
              source::open_token_source(context.config.source.auth, {.reread = std::move(reread),
                                                                     .redactor = config::process_redactor()}),
              context.clock),
          stream{.name = {}, .source = context.config.source, .sink = context.config.sink},
          gate(context, {.streams = streams,
                         .limiter = limiter,
                         .budget = budget,
                         .credentials = credentials,
                         .health = health,
                         .concurrency = {.start = 1, .ceiling = 1, .fixed = true}}) {
        streams.push_back(
            std::make_unique<StreamKit>(stream, std::vector<config::Stream>{stream}, transport, 4));
    }
    http::RateLimiter limiter;
    ByteBudget budget;
    SourceHealth health;
    source::Credentials credentials;
    config::Stream stream;
    StreamKits streams;
    SourceGate gate;
};

}  // namespace pagehaul::engine::testing
