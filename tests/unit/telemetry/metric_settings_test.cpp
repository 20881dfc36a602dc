#include "telemetry/metric_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pagehaul::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using Set = std::map<std::string, std::string>;

const std::string kGeneral = "OTEL_EXPORTER_OTLP_ENDPOINT";

Result<std::optional<MetricSettings>> read_metrics(const std::optional<config::OtlpMetrics>& file,
                                                   const Set& set) {
    return metric_settings(
        file,
        [&](const std::string& name) -> std::optional<std::string> {
            const auto found = set.find(name);
            return found == set.end() ? std::nullopt : std::optional(found->second);
        },
        "1.2.3");
}

/// With an endpoint in the environment.
MetricSettings set_by(Set set) {
    set.emplace(kGeneral, "http://collector:4318");
    return read_metrics({}, set).value().value();
}
config::OtlpMetrics to_endpoint(const std::string& endpoint) {
    config::OtlpMetrics metrics;
    metrics.endpoint = endpoint;
    return metrics;
}

TEST(MetricSettings, NothingIsSentWithoutAnEndpoint) {
    EXPECT_FALSE(read_metrics({}, {}).value());
    EXPECT_FALSE(read_metrics({}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318"}}).value())
        << "that one is for traces";
    const auto section = read_metrics(config::OtlpMetrics{}, {});
    ASSERT_FALSE(section);
    EXPECT_EQ(section.error().origin, "telemetry.metrics.endpoint");
    EXPECT_EQ(section.error().kind, ErrorKind::config);
}

TEST(MetricSettings, ABaseUrlGetsTheSignalsPathAndAnEndpointOfMetricsIsTakenAsItIs) {
    EXPECT_EQ(set_by({}).origin, "http://collector:4318");
    EXPECT_EQ(set_by({}).path, "/v1/metrics");
    EXPECT_EQ(set_by({}).said_by, kGeneral);
    EXPECT_EQ(set_by({{kGeneral, "http://prometheus:9090/api/v1/otlp"}}).path, "/api/v1/otlp/v1/metrics");
    EXPECT_EQ(set_by({{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://other/as/it/is"}}).path, "/as/it/is");
    EXPECT_EQ(read_metrics(to_endpoint("https://host:1/a"), {}).value()->path, "/a/v1/metrics");
    EXPECT_EQ(read_metrics(to_endpoint("https://host:1/a"), {{kGeneral, "http://c"}}).value()->said_by,
              "telemetry.metrics.endpoint");
}

TEST(MetricSettings, HeadersAndTimeOutOfMetricsBeatTheGeneralOnes) {
    const auto settings = set_by({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                                  {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "b=2"},
                                  {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                                  {"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "99"}});
    EXPECT_EQ(settings.headers, (http::Headers{{"b", "2"}}));
    EXPECT_EQ(settings.secrets, (std::vector<std::string>{"2"}));
    EXPECT_EQ(settings.timeout, Millis{99});
    EXPECT_EQ(set_by({{"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"}}).timeout, Millis{2'500});
}

TEST(MetricSettings, TheIntervalIsTheFilesThenTheVariablesThenFifteenSeconds) {
    const Set variable{{"OTEL_METRIC_EXPORT_INTERVAL", "60000"}};
    EXPECT_EQ(set_by({}).interval, Millis(15'000));
    EXPECT_EQ(set_by(variable).interval, Millis(60'000));
    auto own = to_endpoint("http://own:4318");
    EXPECT_EQ(read_metrics(own, variable).value()->interval, Millis(60'000));
    own.interval = Millis(5'000);
    EXPECT_EQ(read_metrics(own, variable).value()->interval, Millis(5'000));
    const auto bad = read_metrics(to_endpoint("http://own:4318"), {{"OTEL_METRIC_EXPORT_INTERVAL", "15s"}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().origin, "OTEL_METRIC_EXPORT_INTERVAL");
    EXPECT_THAT(bad.error().message, HasSubstr("milliseconds"));
}

TEST(MetricSettings, CanBeSwitchedOff) {
    for (const auto& [name, value] : Set{{"OTEL_SDK_DISABLED", "true"}, {"OTEL_METRICS_EXPORTER", "none"}})
        EXPECT_FALSE(read_metrics(to_endpoint("http://own:4318"), {{name, value}}).value()) << name;
    EXPECT_TRUE(read_metrics(to_endpoint("http://own:4318"), {{"OTEL_TRACES_EXPORTER", "none"}}).value());
    const auto other =
        read_metrics(to_endpoint("http://own:4318"), {{"OTEL_METRICS_EXPORTER", "prometheus"}});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().origin, "OTEL_METRICS_EXPORTER");
}

TEST(MetricSettings, NoInstanceIsNamedSoThatAPipelineIsOneSeriesWhicheverProcessTells) {
    const auto resource = set_by({{"OTEL_RESOURCE_ATTRIBUTES",
                                   "service.instance.id=pod-7,service.name=reports,k8s.pod.name=pod-7"}})
                              .resource;
    EXPECT_THAT(resource, Not(::testing::Contains(Key("service.instance.id"))));
    EXPECT_THAT(resource, ::testing::Contains(Pair("service.name", "reports")));
    EXPECT_THAT(resource, ::testing::Contains(Pair("k8s.pod.name", "pod-7")));
}

TEST(MetricSettings, AnotherTemporalityIsNotWhatIsSent) {
    const std::string name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    EXPECT_THAT(set_by({{name, "Cumulative"}}).warnings, IsEmpty());
    EXPECT_THAT(set_by({{name, "delta"}}).warnings, ElementsAre(HasSubstr(name)));
}

}  // namespace
}  // namespace pagehaul::telemetry
