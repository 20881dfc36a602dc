#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "telemetry/metrics.h"

namespace pagehaul::telemetry {

/// An ExportMetricsServiceRequest in OTLP's JSON encoding (opentelemetry-proto, "JSON Protobuf Encoding"):
/// 64-bit numbers as strings, enums as numbers. Gauges stay gauges; counters and histograms are cumulative,
/// from `origin.start` on. No metric has a unit, and the scope no version: a Prometheus would put the one
/// into the name and the other into a label, and the names are deploy/metrics.md's as they are. Throws
/// Failure(bug) for another type of metric. Pure.
std::string metrics_request(const MetricOrigin& origin, const std::vector<prometheus::MetricFamily>& families,
                            WallTime now);

}  // namespace pagehaul::telemetry
