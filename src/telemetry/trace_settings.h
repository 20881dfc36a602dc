#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/proxy.h"
#include "http/transport.h"
#include "http/url.h"
#include "telemetry/trace_context.h"

namespace pagehaul::telemetry {

/// Where spans go, and which.
struct TraceSettings {
    std::string origin{};   ///< scheme://host[:port], for http::TransportOptions::base_url
    std::string path{};     ///< of the requests
    std::string said_by{};  ///< where the endpoint stands: "telemetry.traces.endpoint", or a variable's name
    http::Headers headers{};
    std::vector<std::string> secrets{};  ///< from the environment, for the redactor
    Millis timeout{10'000};              ///< of a batch, its repetitions included
    /// False: no span is made and nothing sent; the trace is only propagated.
    bool recording = true;
    double sampling = 1;  ///< the share of pages whose jobs are recorded
    bool propagate = false;
    std::optional<TraceParent> parent{};  ///< of the run's span
    std::vector<std::pair<std::string, std::string>> resource{};
    std::string version{};  ///< our own
    std::vector<std::string> warnings{};
};

/// The settings from the config's telemetry.traces and the OTEL_* variables (OpenTelemetry's "Environment
/// Variable Specification" and "OTLP Exporter Configuration"), or nothing: no traces. A key of the file beats
/// the variable that means the same; OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none beat both. The
/// headers of the environment belong to the environment's endpoint and go nowhere else. A variable that is
/// empty counts as not set. Fails (kind config) on a value that cannot be meant, if traces would be exported.
Result<std::optional<TraceSettings>> trace_settings(const std::optional<config::Traces>& config,
                                                    const http::Environment& environment,
                                                    const std::string& version);

}  // namespace pagehaul::telemetry
