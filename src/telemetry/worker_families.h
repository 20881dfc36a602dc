#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "telemetry/metrics.h"

namespace pagehaul::telemetry {

/// The series of the run's processes, one a process in each family. Made anew for each push: a process that
/// has left leaves none behind.
std::vector<prometheus::MetricFamily> worker_families(const std::vector<WorkerFigures>& workers);

}  // namespace pagehaul::telemetry
