#pragma once

#include <optional>
#include <string>

#include "telemetry/otlp_target.h"

namespace pagehaul::telemetry {

/// Where metrics go by OTLP.
struct MetricSettings : OtlpTarget {
    Millis interval{15'000};
};

/// The settings from the config's telemetry.metrics and the OTEL_* variables, or nothing: no metrics by OTLP.
/// What beats what, and what fails, is otlp_target's. Its resource has no service.instance.id, whatever
/// OTEL_RESOURCE_ATTRIBUTES says: a receiver makes it a label of every series (`instance`), and a pipeline's
/// would begin anew with each process.
Result<std::optional<MetricSettings>> metric_settings(const std::optional<config::OtlpMetrics>& config,
                                                      const http::Environment& environment,
                                                      const std::string& version);

}  // namespace pagehaul::telemetry
