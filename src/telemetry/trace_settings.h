#pragma once

#include <optional>
#include <string>

#include "telemetry/otlp_target.h"
#include "telemetry/trace_context.h"

namespace pagehaul::telemetry {

/// Where spans go, and which.
struct TraceSettings : OtlpTarget {
    /// False: no span is made and nothing sent; the trace is only propagated.
    bool recording = true;
    double sampling = 1;  ///< the share of pages whose jobs are recorded
    bool propagate = false;
    std::optional<TraceParent> parent{};  ///< of the run's span
};

/// The settings from the config's telemetry.traces and the OTEL_* variables, or nothing: no traces. What
/// beats what, and what fails, is otlp_target's.
Result<std::optional<TraceSettings>> trace_settings(const std::optional<config::Traces>& config,
                                                    const http::Environment& environment,
                                                    const std::string& version);

}  // namespace pagehaul::telemetry
