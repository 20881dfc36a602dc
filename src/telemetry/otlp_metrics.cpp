#include "telemetry/otlp_metrics.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"

namespace pagehaul::telemetry {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCumulative = 2;  // AggregationTemporality

std::string nanos(WallTime time) {
    return std::to_string(std::chrono::duration_cast<Nanos>(time.time_since_epoch()).count());
}

/// As protobuf's JSON writes a double: JSON has no number for these three.
Json number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
}

Json attribute(const std::string& key, const std::string& value) {
    return {{"key", key}, {"value", {{"stringValue", value}}}};
}

Json attributes(const std::vector<std::pair<std::string, std::string>>& pairs) {
    Json list = Json::array();
    for (const auto& [key, value] : pairs)
        list.push_back(attribute(key, value));
    return list;
}

/// What the points of every type have.
Json point(const MetricOrigin& origin, const prometheus::ClientMetric& metric, WallTime now) {
    Json labels = attributes(origin.labels);
    for (const auto& label : metric.label)
        labels.push_back(attribute(label.name, label.value));
    return {{"attributes", std::move(labels)}, {"timeUnixNano", nanos(now)}};
}

void put_histogram(Json& point, const prometheus::ClientMetric::Histogram& histogram) {
    point["count"] = std::to_string(histogram.sample_count);
    point["sum"] = number(histogram.sample_sum);
    Json counts = Json::array();
    Json bounds = Json::array();
    std::uint64_t below = 0;
    for (const auto& bucket : histogram.bucket) {
        counts.push_back(std::to_string(bucket.cumulative_count - below));
        below = bucket.cumulative_count;
        // The last bucket is without a bound: there is one more of them than of bounds.
        if (!std::isinf(bucket.upper_bound)) bounds.push_back(bucket.upper_bound);
    }
    point["bucketCounts"] = std::move(counts);
    point["explicitBounds"] = std::move(bounds);
}

/// The member of a Metric that holds its points, and what it says of them.
struct Kind {
    const char* name;
    Json data;
};

Kind kind_of(const prometheus::MetricFamily& family) {
    switch (family.type) {
        case prometheus::MetricType::Gauge:
            return {"gauge", Json::object()};
        case prometheus::MetricType::Counter:
            return {"sum", {{"aggregationTemporality", kCumulative}, {"isMonotonic", true}}};
        case prometheus::MetricType::Histogram:
            return {"histogram", {{"aggregationTemporality", kCumulative}}};
        default:
            throw Failure(ErrorKind::bug, family.name, "a metric of this type is not sent by OTLP");
    }
}

Json metric_of(const MetricOrigin& origin, const prometheus::MetricFamily& family, WallTime now) {
    auto [kind, data] = kind_of(family);
    Json& points = data["dataPoints"] = Json::array();
    for (const auto& metric : family.metric) {
        Json made = point(origin, metric, now);
        if (family.type != prometheus::MetricType::Gauge) made["startTimeUnixNano"] = nanos(origin.start);
        if (family.type == prometheus::MetricType::Histogram) {
            put_histogram(made, metric.histogram);
        } else {
            const bool is_gauge = family.type == prometheus::MetricType::Gauge;
            made["asDouble"] = number(is_gauge ? metric.gauge.value : metric.counter.value);
        }
        points.push_back(std::move(made));
    }
    return {{"name", family.name}, {"description", family.help}, {kind, std::move(data)}};
}

}  // namespace

std::string metrics_request(const MetricOrigin& origin, const std::vector<prometheus::MetricFamily>& families,
                            WallTime now) {
    Json scope;
    scope["scope"]["name"] = "pagehaul";
    Json& metrics = scope["metrics"] = Json::array();
    for (const auto& family : families)
        metrics.push_back(metric_of(origin, family, now));
    Json resource;
    resource["resource"]["attributes"] = attributes(origin.resource);
    resource["scopeMetrics"] = Json::array({std::move(scope)});
    Json request;
    request["resourceMetrics"] = Json::array({std::move(resource)});
    return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pagehaul::telemetry
