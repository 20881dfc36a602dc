#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/stop.h"
#include "engine/tell/verdict.h"
#include "ledger/start.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::engine {

struct RunOptions {
    ledger::StartRequest::Intent intent = ledger::StartRequest::Intent::run;
    std::string run_key;  ///< empty: a key of its own
    bool fresh = false;
    bool terminal = false;  ///< stderr is one: a progress bar instead of progress lines
    std::string version;
    std::optional<telemetry::TraceSettings> traces;  ///< none: no traces
    std::string termination_log;  ///< a file that takes the one-line verdict, where it exists; empty: none
};

/// One run from start to verdict: size, connect, start, pull, stop, settle, say what came of it. `stop` may
/// be asked for at any time. Blocks; every thread it made has ended when it returns.
Verdict run(const config::Config& config, const RunOptions& options, StopControl& stop, const Clock& clock,
            Random& random);

}  // namespace pagehaul::engine
