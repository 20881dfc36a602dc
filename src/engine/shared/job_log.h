#pragma once

#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/types.h"
#include "log/log.h"
#include "telemetry/trace_context.h"

namespace pagehaul::engine {

/// A line about a page job: where it belongs first, its span where it is recorded, then the event's own
/// fields.
inline void log_job(log::Level level, std::string_view message, const ledger::Claim& claim,
                    telemetry::SpanId span, std::vector<log::Field> fields) {
    if (!log::enabled(level)) return;
    std::vector<log::Field> all{{"slice", claim.slice_key}, {"pass", claim.pass}, {"page", claim.no}};
    if (!claim.stream.empty()) all.push_back({"stream", claim.stream});
    if (span != 0) all.push_back({"span_id", telemetry::hex(span)});
    all.insert(all.end(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
    log::write(level, message, all);
}

}  // namespace pagehaul::engine
