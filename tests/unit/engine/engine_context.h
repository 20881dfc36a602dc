#pragma once

#include <string>

#include "engine/shared/context.h"
#include "manual_clock.h"

namespace pagehaul::engine::testing {

inline config::Column column(const std::string& name, config::ColumnType type) {
    config::Column made;
    made.name = name;
    made.type = type;
    made.from = "/" + name;
    return made;
}

/// An API of pages of two rows, {"total": N, "rows": [{"id": 1, "note": "x"}, …]}, into target (id, note).
inline config::Config two_row_pages() {
    config::Config config;
    config.pipeline = "p";
    config.source.base_url = "http://api.test";
    config.source.request.path = "/rows";
    config.source.request.query = {{"page", config::Parameter{.texts = {"{{ page.number }}"}}}};
    config.source.pagination.size = 2;
    config.source.pagination.total.emplace().rows = config::ResponsePlace{.pointer = "/total"};
    config.source.records.at = "/rows";
    config.source.retry = {.attempts = 3, .base = Millis{1000}, .max = Millis{60'000}};
    config.sink.table = "target";
    config.sink.key = {"id"};
    config.sink.columns = {column("id", config::ColumnType::bigint),
                           column("note", config::ColumnType::text)};
    return config;
}

/// A run's shared parts without a run: a clock that stands still, a chance of one half.
struct Shared {
    config::Config config = two_row_pages();
    pagehaul::testing::ManualClock clock;
    pagehaul::testing::FixedRandom random;
    StopControl stop;
    telemetry::Metrics metrics{"test"};
    Context context{.config = config, .clock = clock, .random = random, .stop = stop, .metrics = metrics};

    Shared() { context.policies.only().page_size = 2; }
};

}  // namespace pagehaul::engine::testing
