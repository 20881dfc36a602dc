#pragma once

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/stop.h"
#include "engine/shared/held.h"
#include "engine/shared/tallies.h"
#include "engine/shared/wake.h"
#include "ledger/types.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace pagehaul::engine {

/// What every part of a started run shares. Owned by engine/run.cpp, which outlives the threads; all members
/// but `tallies`, `wake`, `held`, `stop`, `metrics` and `tracer` (thread-safe themselves) are constant while
/// threads run.
struct Context {
    const config::Config& config;
    const Clock& clock;
    Random& random;
    StopControl& stop;
    telemetry::Metrics& metrics;
    telemetry::Tracer* tracer = nullptr;  ///< null: no traces
    Tallies tallies{};
    Wake wake{clock};
    Held held{};
    ledger::Scope scope{};
    ledger::Policy policy{};
};

}  // namespace pagehaul::engine
