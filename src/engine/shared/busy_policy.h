#pragma once

#include <string>

#include "core/clock.h"
#include "ledger/start.h"

namespace pagehaul::engine {

// What a start does that finds another run of its pipeline at work. Pure.

enum class IfBusy {
    fail,  ///< 75
    wait,  ///< until that run is over
    skip,  ///< 0, and no success
};

/// When a start that has waited for so long looks again whether the other run is over: after as long again,
/// so that a run that ends at once is not waited for long, but within half a second and five.
Nanos next_look(Nanos waited);

/// "run 1 (key job-1) holds the pipeline, on host, pid 7": for the log and the verdict.
std::string holder_text(const ledger::Busy& busy);

}  // namespace pagehaul::engine
