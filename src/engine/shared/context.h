#pragma once

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/stop.h"
#include "engine/shared/held.h"
#include "engine/shared/refusal.h"
#include "engine/shared/tallies.h"
#include "engine/shared/wake.h"
#include "ledger/types.h"
#include "source/template.h"
#include "telemetry/metrics.h"
#include "telemetry/tracer.h"

namespace pagehaul::engine {

/// What every part of a started run shares. Owned by engine/run.cpp, which outlives the threads; all members
/// but `tallies`, `wake`, `beat_soon`, `refusal`, `held`, `stop`, `metrics` and `tracer` (thread-safe
/// themselves) are constant while threads run.
struct Context {
    const config::Config& config;
    const Clock& clock;
    Random& random;
    StopControl& stop;
    telemetry::Metrics& metrics;
    telemetry::Tracer* tracer = nullptr;  ///< null: no traces
    Tallies tallies{};
    Wake wake{clock};
    Wake beat_soon{clock};  ///< the heartbeat has something to tell, or to ask
    Refusal refusal{};
    Held held{};
    ledger::Scope scope{};
    source::RunFacts facts{};                     ///< where a column tells of the run
    std::string ledger{};                         ///< with a broker: ledger::identity
    std::string fingerprint{};                    ///< of the config, as the ledger has it
    ledger::Policies policies{ledger::Policy{}};  ///< by stream
};

}  // namespace pagehaul::engine
