#include "telemetry/otlp_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"

namespace pagehaul::telemetry {
namespace {

using nlohmann::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

const WallTime kStart{std::chrono::seconds(1'790'000'000)};
const WallTime kSentAt{std::chrono::milliseconds(1'790'000'015'250)};

MetricOrigin origin() {
    return {.resource = {{"service.name", "pagehaul"}},
            .labels = {{"namespace", "reports"}, {"pipeline", "orders"}},
            .start = kStart};
}

json as_sent(const std::vector<MetricFamily>& families) {
    return json::parse(metrics_request(origin(), families, kSentAt)).at("resourceMetrics").at(0);
}
json only_metric(const MetricFamily& family) {
    return as_sent({family}).at("scopeMetrics").at(0).at("metrics").at(0);
}

ClientMetric gauge(double value) {
    ClientMetric metric;
    metric.gauge.value = value;
    return metric;
}
json value_of(double value) {
    return only_metric({"pagehaul_queue_depth", "", MetricType::Gauge, {gauge(value)}})
        .at("gauge")
        .at("dataPoints")
        .at(0)
        .at("asDouble");
}

const char* const kLabels = R"([{"key": "namespace", "value": {"stringValue": "reports"}},
                                {"key": "pipeline", "value": {"stringValue": "orders"}}])";

TEST(OtlpMetrics, SayWhoSendsThem) {
    const json all = as_sent({});
    EXPECT_EQ(all.at("resource"), json::parse(R"({"attributes": [
        {"key": "service.name", "value": {"stringValue": "pagehaul"}}]})"));
    EXPECT_EQ(all.at("scopeMetrics").at(0), json::parse(R"({"scope": {"name": "pagehaul"}, "metrics": []})"))
        << "a version would become a label, and each series a new one with each upgrade";
}

TEST(OtlpMetrics, AGaugeHasTheLabelsOfTheGroupAndItsOwnAndTheTime) {
    ClientMetric metric = gauge(97.5);
    metric.label = {{"result", "stored"}};
    EXPECT_EQ(only_metric({"pagehaul_rows", "Rows of the run.", MetricType::Gauge, {metric}}),
              json::parse(R"({
        "name": "pagehaul_rows", "description": "Rows of the run.", "gauge": {"dataPoints": [{
            "attributes": [{"key": "namespace", "value": {"stringValue": "reports"}},
                           {"key": "pipeline", "value": {"stringValue": "orders"}},
                           {"key": "result", "value": {"stringValue": "stored"}}],
            "timeUnixNano": "1790000015250000000", "asDouble": 97.5}]}})"))
        << "and no unit, which would become a part of the name";
}

TEST(OtlpMetrics, ACounterIsAMonotonicSumSinceTheStart) {
    ClientMetric metric;
    metric.counter.value = 7;
    json expected = json::parse(R"({"name": "x_total", "description": "", "sum": {
        "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{
            "timeUnixNano": "1790000015250000000", "startTimeUnixNano": "1790000000000000000", "asDouble": 7.0}]}})");
    expected["sum"]["dataPoints"][0]["attributes"] = json::parse(kLabels);
    EXPECT_EQ(only_metric({"x_total", "", MetricType::Counter, {metric}}), expected);
}

TEST(OtlpMetrics, AHistogramCountsEachBucketByItself) {
    ClientMetric metric;
    metric.histogram = {
        .sample_count = 6,
        .sample_sum = 4.5,
        .bucket = {{.cumulative_count = 2, .upper_bound = 0.5},
                   {.cumulative_count = 5, .upper_bound = 1},
                   {.cumulative_count = 6, .upper_bound = std::numeric_limits<double>::infinity()}}};
    json expected = json::parse(R"({"name": "s_seconds", "description": "", "histogram": {
        "aggregationTemporality": 2, "dataPoints": [{
            "timeUnixNano": "1790000015250000000", "startTimeUnixNano": "1790000000000000000", "count": "6",
            "sum": 4.5, "bucketCounts": ["2", "3", "1"], "explicitBounds": [0.5, 1.0]}]}})");
    expected["histogram"]["dataPoints"][0]["attributes"] = json::parse(kLabels);
    EXPECT_EQ(only_metric({"s_seconds", "", MetricType::Histogram, {metric}}), expected);
}

TEST(OtlpMetrics, EveryValueIsExact) {
    for (const double value : {0.0, 0.1, -1.0, 1'790'000'000.5, 9'007'199'254'740'991.0, 1e300})
        EXPECT_EQ(value_of(value).get<double>(), value);
    EXPECT_EQ(value_of(std::nan("")), "NaN");
    EXPECT_EQ(value_of(std::numeric_limits<double>::infinity()), "Infinity");
    EXPECT_EQ(value_of(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(OtlpMetrics, ALabelThatIsNoUtf8IsSentWithoutWhatIsNone) {
    ClientMetric metric = gauge(1);
    metric.label = {{"worker", "日报 \xff"}};
    EXPECT_EQ(only_metric({"w", "", MetricType::Gauge, {metric}})
                  .at("gauge")
                  .at("dataPoints")
                  .at(0)
                  .at("attributes")
                  .at(2)
                  .at("value")
                  .at("stringValue"),
              "日报 \xEF\xBF\xBD");
}

TEST(OtlpMetrics, AnotherTypeIsABug) {
    EXPECT_THROW(as_sent({{"x", "", MetricType::Summary, {ClientMetric{}}}}), Failure);
}

/// The families of a text.
std::set<std::string> families_in(const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# TYPE ")) names.insert(line.substr(7, line.find(' ', 7) - 7));
    return names;
}

TEST(OtlpMetrics, AreTheSameOnesAsThoseOfTheText) {
    Metrics metrics("1.2.3");
    metrics.run_started(kStart);
    metrics.set_rows(RowResult::stored, 7);
    metrics.set_processes({{.name = "host", .pages = 1}});
    metrics.request_done(200, std::chrono::milliseconds(80));
    for (const Whose whose : {Whose::all, Whose::run}) {
        std::set<std::string> sent;
        const json request = json::parse(metrics.otlp(origin(), kSentAt, whose, 3));
        for (const json& metric : request.at("resourceMetrics").at(0).at("scopeMetrics").at(0).at("metrics"))
            EXPECT_TRUE(sent.insert(metric.at("name")).second) << metric.at("name");
        EXPECT_EQ(sent, families_in(metrics.text(whose, 3)));
    }
}

}  // namespace
}  // namespace pagehaul::telemetry
