#pragma once

#include <cstddef>
#include <string>

#include "engine/shared/byte_budget.h"
#include "ledger/types.h"
#include "telemetry/span.h"

namespace pagehaul::engine {

/// A page on its way from a fetch worker to a writer. Its bytes stay reserved until it is committed or
/// dropped.
struct FetchedPage {
    ledger::PageResult result;
    std::string copy;  ///< record::DecodedPage::copy
    Reservation reserved;
    std::size_t bytes = 0;
    telemetry::SpanId span = 0;  ///< of the job that fetched it; 0: not recorded
    bool urgent = false;         ///< other work waits for its commit: page 1 plans the rest
};

}  // namespace pagehaul::engine
