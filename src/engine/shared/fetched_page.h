#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/shared/byte_budget.h"
#include "ledger/types.h"
#include "telemetry/span.h"

namespace pagehaul::engine {

/// What rows on their way into the quarantine take: the records themselves, and why.
inline std::size_t bytes_of(const std::vector<record::BadRow>& bad) {
    std::size_t bytes = bad.size() * sizeof(record::BadRow);
    for (const record::BadRow& row : bad)
        bytes += row.reason.capacity() + row.payload.capacity();
    return bytes;
}

/// A page on its way from a fetch worker to a writer. Its bytes stay reserved until it is committed or
/// dropped.
struct FetchedPage {
    ledger::PageResult result;
    std::string copy;  ///< record::DecodedPage::copy
    Reservation reserved;
    std::size_t bytes = 0;       ///< of its rows, stored and quarantined: its size in a batch
    telemetry::SpanId span = 0;  ///< of the job that fetched it; 0: not recorded
    bool urgent = false;         ///< other work waits for its commit: page 1 plans the rest
};

}  // namespace pagehaul::engine
