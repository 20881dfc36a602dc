#include "telemetry/trace_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pagehaul::telemetry {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using Variables = std::map<std::string, std::string>;

const std::string kEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
const std::string kParentText = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0";

Result<std::optional<TraceSettings>> read(const std::optional<config::Traces>& file,
                                          const Variables& variables) {
    return trace_settings(
        file,
        [&](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        },
        "1.2.3");
}

/// With an endpoint in the environment.
TraceSettings by(Variables variables) {
    variables.emplace(kEndpoint, "http://collector:4318");
    return read({}, variables).value().value();
}
Error refused(Variables variables) {
    variables.emplace(kEndpoint, "http://collector:4318");
    const auto settings = read({}, variables);
    return settings ? Error{ErrorKind::bug, "", "it was accepted"} : settings.error();
}
config::Traces file(const std::string& endpoint) {
    config::Traces traces;
    traces.endpoint = endpoint;
    return traces;
}

TEST(TraceSettings, NothingIsExportedWithoutAnEndpoint) {
    EXPECT_FALSE(read({}, {}).value());
    EXPECT_FALSE(read({}, {{kEndpoint, ""}}).value()) << "empty is not set";
    EXPECT_FALSE(
        read({}, {{"OTEL_TRACES_SAMPLER", "always_on"}, {"TRACEPARENT", kParentText + "1"}}).value());
    const auto section = read(config::Traces{}, {});
    ASSERT_FALSE(section);
    EXPECT_EQ(section.error().origin, "telemetry.traces.endpoint");
    EXPECT_EQ(section.error().kind, ErrorKind::config);
}

TEST(TraceSettings, ABaseUrlKeepsItsPathAndGetsTheSignals) {
    EXPECT_EQ(by({}).origin, "http://collector:4318");
    EXPECT_EQ(by({}).path, "/v1/traces");
    EXPECT_EQ(by({}).said_by, kEndpoint);
    EXPECT_EQ(by({{kEndpoint, "https://host/otlp/"}}).path, "/otlp/v1/traces");
    EXPECT_EQ(read(file("https://host:1/a"), {}).value()->path, "/a/v1/traces");
}

TEST(TraceSettings, AnEndpointOfTracesIsTakenAsItIs) {
    const auto settings = by({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://other/as/it/is"}});
    EXPECT_EQ(settings.origin, "https://other");
    EXPECT_EQ(settings.path, "/as/it/is");
    EXPECT_EQ(by({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other:4318"}}).path, "/");
}

TEST(TraceSettings, HeadersAreDecodedSecretAndOfTracesFirst) {
    const auto settings = by({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1%2C2 , b=c=d,,"}});
    EXPECT_EQ(settings.headers, (http::Headers{{"a", "1,2"}, {"b", "c=d"}}));
    EXPECT_EQ(settings.secrets, (std::vector<std::string>{"1,2", "c=d"}));
    EXPECT_EQ(
        by({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"}, {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"}}).headers,
        (http::Headers{{"b", "2"}}));
}

TEST(TraceSettings, HeadersGoToTheEndpointTheyWereWrittenFor) {
    auto own = file("http://own:4318");
    own.headers = {{"x", {"y", ""}}};
    const auto settings =
        read(own, {{kEndpoint, "http://collector:4318"}, {"OTEL_EXPORTER_OTLP_HEADERS", "a=1"}});
    EXPECT_EQ(settings.value()->headers, (http::Headers{{"x", "y"}}));
    EXPECT_EQ(settings.value()->origin, "http://own:4318");
}

TEST(TraceSettings, TheTimeOutIsTenSecondsOrInMilliseconds) {
    EXPECT_EQ(by({}).timeout, Millis{10'000});
    EXPECT_EQ(by({{"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"}}).timeout, Millis{2'500});
    EXPECT_EQ(
        by({{"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"}, {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "99"}}).timeout,
        Millis{99});
}

TEST(TraceSettings, TheServicesNameComesFromItsVariableThenTheAttributesThenUs) {
    const auto resource = [](const Variables& variables) { return by(variables).resource; };
    EXPECT_THAT(resource({}), Contains(Pair("service.name", "pagehaul")));
    EXPECT_THAT(resource({}), Contains(Pair("service.version", "1.2.3")));
    const Variables attributes{{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,k8s.pod.name=p%20q"}};
    EXPECT_THAT(resource(attributes), Contains(Pair("service.name", "a")));
    EXPECT_THAT(resource(attributes), Contains(Pair("k8s.pod.name", "p q")));
    Variables both = attributes;
    both["OTEL_SERVICE_NAME"] = "b";
    EXPECT_THAT(resource(both), Contains(Pair("service.name", "b")));
    EXPECT_THAT(resource(both), Not(Contains(Pair("service.name", "a"))));
}

struct Sampled {
    const char* sampler;
    const char* parent;  ///< its flags, or nullptr: none
    bool recording;
    double share;
};

TEST(TraceSettings, SamplersDecideAsTheSpecificationSays) {
    for (const Sampled& of : std::vector<Sampled>{{"", nullptr, true, 1},
                                                  {"", "1", true, 1},
                                                  {"", "0", false, 1},
                                                  {"always_on", "0", true, 1},
                                                  {"always_off", "1", false, 1},
                                                  {"traceidratio", "0", true, 0.25},
                                                  {"parentbased_always_on", nullptr, true, 1},
                                                  {"parentbased_always_on", "0", false, 1},
                                                  {"parentbased_always_off", nullptr, false, 1},
                                                  {"parentbased_always_off", "1", true, 1},
                                                  {"parentbased_traceidratio", nullptr, true, 0.25},
                                                  {"parentbased_traceidratio", "1", true, 0.25},
                                                  {"parentbased_traceidratio", "0", false, 0.25}}) {
        Variables variables{{"OTEL_TRACES_SAMPLER", of.sampler}, {"OTEL_TRACES_SAMPLER_ARG", "0.25"}};
        if (of.parent != nullptr) variables["TRACEPARENT"] = kParentText + of.parent;
        const TraceSettings settings = by(variables);
        EXPECT_EQ(settings.recording, of.recording) << of.sampler << " " << (of.parent ? of.parent : "-");
        EXPECT_EQ(settings.sampling, of.share) << of.sampler;
        EXPECT_EQ(settings.parent.has_value(), of.parent != nullptr);
    }
    EXPECT_EQ(by({{"OTEL_TRACES_SAMPLER", "traceidratio"}}).sampling, 1) << "the argument's default";
}

TEST(TraceSettings, TheFilesSamplingBeatsTheVariable) {
    auto own = file("http://own:4318");
    own.sampling = 0.05;
    const Variables variables{{"OTEL_TRACES_SAMPLER", "always_off"}};
    EXPECT_EQ(read(own, variables).value()->sampling, 0.05);
    EXPECT_TRUE(read(own, variables).value()->recording);
    own.sampling.reset();
    EXPECT_FALSE(read(own, variables).value()->recording) << "left out: the variable's";
    own.sampling = 0.05;
    EXPECT_FALSE(read(own, {{"TRACEPARENT", kParentText + "0"}}).value()->recording)
        << "the parent's word stands";
}

TEST(TraceSettings, AParentThatIsNoneIsToldAndLeftOut) {
    const TraceSettings settings = by({{"TRACEPARENT", "nonsense"}});
    EXPECT_FALSE(settings.parent);
    EXPECT_TRUE(settings.recording);
    EXPECT_THAT(settings.warnings, Contains(HasSubstr("TRACEPARENT")));
}

TEST(TraceSettings, TheEnvironmentSwitchesOffWhateverTheFileSays) {
    for (const auto& [name, value] :
         Variables{{"OTEL_SDK_DISABLED", "true"}, {"OTEL_TRACES_EXPORTER", "none"}}) {
        EXPECT_FALSE(read(file("http://own:4318"), {{name, value}}).value()) << name;
        EXPECT_FALSE(read(config::Traces{}, {{name, value}}).value())
            << name << ": not even an endpoint is asked for";
    }
    EXPECT_FALSE(read(file("http://own:4318"), {{"OTEL_SDK_DISABLED", "True"}}).value());
    EXPECT_TRUE(read(file("http://own:4318"), {{"OTEL_SDK_DISABLED", "false"}}).value());
    EXPECT_TRUE(read(file("http://own:4318"), {{"OTEL_TRACES_EXPORTER", "otlp"}}).value());
}

TEST(TraceSettings, ABadValueIsAConfigErrorThatNamesItsVariable) {
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {kEndpoint, "collector:4318"},
             {kEndpoint, "http://u:hunter2@host"},
             {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://host"},
             {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
             {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "thrift"},
             {"OTEL_EXPORTER_OTLP_HEADERS", "hunter2"},
             {"OTEL_EXPORTER_OTLP_HEADERS", "=hunter2"},
             {"OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0"},
             {"OTEL_EXPORTER_OTLP_HEADERS", "a b=hunter2"},
             {"OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0A"},
             {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
             {"OTEL_EXPORTER_OTLP_TIMEOUT", "0"},
             {"OTEL_EXPORTER_OTLP_TIMEOUT", "-1"},
             {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
             {"OTEL_TRACES_SAMPLER", "parentbased_"},
             {"OTEL_TRACES_EXPORTER", "otlp,console"},
             {"OTEL_SDK_DISABLED", "1"},
             {"OTEL_RESOURCE_ATTRIBUTES", "a"}}) {
        const Error error = refused({{name, value}});
        EXPECT_EQ(error.kind, ErrorKind::config) << name;
        EXPECT_EQ(error.origin, name) << error.message;
        EXPECT_THAT(error.message, HasSubstr("expected")) << name;
        EXPECT_THAT(error.message, Not(HasSubstr("hunter2")));
    }
    for (const char* share : {"x", "1.5", "-0.1", "5%", "nan"}) {
        const Error error =
            refused({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", share}});
        EXPECT_EQ(error.origin, "OTEL_TRACES_SAMPLER_ARG") << share;
    }
}

TEST(TraceSettings, PropagationIsOnlyWhatTheFileAsksFor) {
    EXPECT_FALSE(by({}).propagate);
    auto own = file("http://own:4318");
    own.propagate = true;
    EXPECT_TRUE(read(own, {}).value()->propagate);
}

}  // namespace
}  // namespace pagehaul::telemetry
