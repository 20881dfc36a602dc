#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/stop.h"
#include "engine/part.h"
#include "engine/shared/busy_policy.h"
#include "engine/shared/grace.h"
#include "engine/tell/verdict.h"
#include "ledger/start.h"
#include "telemetry/metric_settings.h"
#include "telemetry/trace_settings.h"

namespace pagehaul::engine {

struct RunOptions {
    ledger::StartRequest::Intent intent = ledger::StartRequest::Intent::run;
    Part part = Part::whole;
    std::string run_key;  ///< empty: a key of its own
    bool fresh = false;
    IfBusy if_busy = IfBusy::fail;
    std::optional<int> relay{};  ///< a socket to the pool that started this process: hints come over it
    int share = 1;               ///< this process is one of so many that the machine's limits are for
    bool terminal = false;       ///< stderr is one: a progress bar instead of progress lines
    std::string version;
    std::optional<telemetry::TraceSettings> traces;    ///< none: no traces
    std::optional<telemetry::MetricSettings> metrics;  ///< none: no metrics by OTLP
    const Grace* grace = nullptr;                      ///< null: a SIGTERM's is without an end
    std::string termination_log;  ///< a file that takes the one-line verdict, where it exists; empty: none
};

/// One run from start to verdict: size, connect, start, pull, stop, settle, say what came of it. `stop` may
/// be asked for at any time. Blocks; every thread it made has ended when it returns.
Verdict run(const config::Config& config, const RunOptions& options, StopControl& stop, const Clock& clock,
            Random& random);

}  // namespace pagehaul::engine
