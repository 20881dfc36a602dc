#pragma once

#include <memory>

#include "engine/shared/context.h"
#include "engine/shared/grace.h"
#include "engine/tell/verdict.h"
#include "telemetry/trace_settings.h"
#include "telemetry/tracer.h"

namespace pagehaul::engine {

// What the run's own span says, and when its trace begins and ends.

/// Null where nobody would ever see the trace: not the collector, not the API, not the caller. Every log line
/// from here on has the trace's id.
std::unique_ptr<telemetry::Tracer> tracer_for(Context& context, const telemetry::TraceSettings& settings);

/// The run's verdict into its span, which fails with the run; a stop by signal is no error of the run.
/// Returns at once: the spans leave in the tracer's thread, for which Tracer::finish waits.
void end_trace(telemetry::Tracer& tracer, const Context& context, const Verdict& verdict, const Grace& grace);

}  // namespace pagehaul::engine
