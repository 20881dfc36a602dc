#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/shared/byte_budget.h"
#include "ledger/types.h"
#include "telemetry/span.h"

namespace pagehaul::engine {

/// What rows on their way into the quarantine take: the records themselves, and why.
inline std::size_t bytes_of(const std::vector<record::BadRow>& bad) {
    std::size_t bytes = bad.capacity() * sizeof(record::BadRow);
    for (const record::BadRow& row : bad)
        bytes += row.reason.capacity() + row.payload.capacity();
    return bytes;
}

class Chain;

/// A page on its way from a fetch worker to a writer. Its bytes stay reserved until it is committed or
/// dropped.
struct FetchedPage {
    ledger::PageResult result;
    std::string copy;                       ///< record::DecodedPage::copy
    std::vector<std::string> undeclared{};  ///< record::DecodedPage::undeclared
    Reservation reserved;
    std::size_t bytes = 0;       ///< of its rows, stored and quarantined: its size in a batch
    telemetry::SpanId span = 0;  ///< of the job that fetched it; 0: not recorded
    bool urgent = false;  ///< other work waits for its commit: page 1 plans the rest, or the chain goes on
    std::shared_ptr<Chain> chain{};        ///< that it is a page of; null: of none
    std::vector<FetchedPage> followers{};  ///< the next pages of its chain, to be stored in the same commit
};

}  // namespace pagehaul::engine
