#include "telemetry/worker_families.h"

#include <string>

namespace pagehaul::telemetry {
namespace {

struct Figure {
    const char* name;
    const char* help;
    std::int64_t WorkerFigures::*value;
};

constexpr Figure figures[] = {
    {"pagehaul_worker_pages", "Pages that a process of the run has stored.", &WorkerFigures::pages},
    {"pagehaul_worker_rows", "Rows that a process of the run has stored.", &WorkerFigures::rows},
    {"pagehaul_worker_requests", "Requests that a process of the run has sent.", &WorkerFigures::requests},
    {"pagehaul_worker_setbacks", "Tries of a process of the run that brought no page.",
     &WorkerFigures::setbacks},
    {"pagehaul_worker_requests_in_flight", "Requests of a process of the run under way.",
     &WorkerFigures::in_flight},
    {"pagehaul_worker_requests_in_flight_limit",
     "Requests of a process of the run that may be under way now.", &WorkerFigures::in_flight_limit},
    {"pagehaul_worker_redeliveries",
     "Messages of a broker that a process of the run got and somebody had had before.",
     &WorkerFigures::redeliveries}};

prometheus::ClientMetric series(const std::string& worker, std::int64_t value) {
    prometheus::ClientMetric metric;
    metric.label = {{"worker", worker}};
    metric.gauge.value = static_cast<double>(value);
    return metric;
}

}  // namespace

std::vector<prometheus::MetricFamily> worker_families(const std::vector<WorkerFigures>& workers) {
    std::vector<prometheus::MetricFamily> families;
    if (workers.empty()) return families;
    for (const Figure& figure : figures) {
        prometheus::MetricFamily family{figure.name, figure.help, prometheus::MetricType::Gauge, {}};
        for (const WorkerFigures& worker : workers)
            family.metric.push_back(series(worker.name, worker.*figure.value));
        families.push_back(std::move(family));
    }
    return families;
}

}  // namespace pagehaul::telemetry
