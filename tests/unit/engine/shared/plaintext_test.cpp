#include "engine/shared/plaintext.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Config asking(const std::string& url) {
    config::Config config;
    config.source.base_url = url;
    config.source.auth = config::AuthBearer{{"token", ""}};
    return config;
}

std::vector<std::string> told(const config::Config& config) {
    return plaintext_credentials(config, std::nullopt, std::nullopt);
}

TEST(PlaintextCredentials, AreToldWithTheirPlaceAndWhatMendsIt) {
    EXPECT_THAT(
        told(asking("http://api.test/v1")),
        ElementsAre("source.base_url: source.auth goes to api.test in the clear; write https:// there, or "
                    "set security.plaintext: allow"));
    EXPECT_THAT(told(asking("https://api.test")), IsEmpty());
    EXPECT_THAT(told(asking("http://127.0.0.1:8080")), IsEmpty());
}

TEST(PlaintextCredentials, AreNotThereWhereNobodyIsTold) {
    config::Config config = asking("http://api.test");
    config.source.auth = config::AuthNone{};
    EXPECT_THAT(told(config), IsEmpty());
}

/// What is told of the second stream's request to http://api.test, where nothing else shows who we are.
std::vector<std::string> told_of(const config::Request& request, const std::string& stream = "") {
    config::Config config = asking("http://api.test");
    config.source.auth = config::AuthNone{};
    for (const std::string& name : {std::string(), stream})
        config.streams.push_back({.name = name, .source = config.source, .sink = {}});
    config.streams.back().source.request = request;
    return told(config);
}

TEST(PlaintextCredentials, AreThoseOfAnyPartOfARequestByTheirNames) {
    config::Request query;
    query.query = {{"page", {.texts = {"7"}}}, {"access_token", {.texts = {"k"}}}};
    EXPECT_THAT(told_of(query),
                ElementsAre("source.base_url: source.request.query.access_token goes to api.test in the "
                            "clear; write https:// there, or set security.plaintext: allow"));
    query.query = {{"filter", {.json = config::Json{R"({"by":{"secret":"k"}})"}}}};
    EXPECT_THAT(told_of(query), ElementsAre(HasSubstr(": source.request.query.filter.by.secret goes")));
    config::Request body;
    body.body = config::Json{R"({"of":[{"id":1},{"api_key":["k"]}]})"};
    EXPECT_THAT(told_of(body), ElementsAre(HasSubstr(": source.request.body.of.1.api_key.0 goes")));
    config::Request form;
    form.form = {{"password", {.texts = {"{{ slice.id }}-k"}}}};
    EXPECT_THAT(told_of(form), ElementsAre(HasSubstr(": source.request.form.password goes")));
    config::Request header;
    header.headers = {{"X-Api-Key", {"k", ""}}};
    EXPECT_THAT(told_of(header, "orders"),
                ElementsAre(HasSubstr(": source.request.headers.X-Api-Key of stream orders goes")));
}

TEST(PlaintextCredentials, AreNoNamesAlone) {
    config::Request request;
    request.query = {{"page_token", {.texts = {"{{ page.token }}"}}}, {"token", {.texts = {""}}}};
    request.headers = {{"Accept-Language", {"de", ""}}, {"X-Session", {" {{ run.id }} ", ""}}};
    request.body = config::Json{R"({"max_tokens":"5","with_password":true,"keys":["k"]})"};
    EXPECT_THAT(told_of(request), IsEmpty());
}

TEST(PlaintextCredentials, AreThoseOfGatewayAndCollectorToo) {
    config::Config config = asking("https://api.test");
    config.telemetry.pushgateway =
        config::Pushgateway{.url = "http://gateway:9091", .auth = {}, .interval = {}};
    telemetry::TraceSettings traces{
        {.origin = "http://collector:4318", .said_by = "telemetry.traces.endpoint"}};
    telemetry::MetricSettings metrics{
        {.origin = "http://receiver:9090", .said_by = "telemetry.metrics.endpoint"}};
    EXPECT_THAT(plaintext_credentials(config, traces, metrics), IsEmpty()) << "without a credential";
    config.telemetry.pushgateway->auth = config::AuthBearer{{"token", ""}};
    traces.headers = {{"x-api-key", "k"}};
    metrics.headers = {{"x-tenant", "t"}};
    EXPECT_THAT(
        plaintext_credentials(config, traces, metrics),
        ElementsAre(HasSubstr("telemetry.pushgateway.url: telemetry.pushgateway.auth goes to gateway"),
                    HasSubstr("telemetry.traces.endpoint: the header x-api-key goes to collector"),
                    HasSubstr("telemetry.metrics.endpoint: the header x-tenant goes to receiver")));
}

TEST(PlaintextCredentials, AreThoseOfABrokerToo) {
    config::Config config = asking("https://api.test");
    config::RabbitMq rabbit;
    for (const char* safe : {"amqps://u:p@rabbit/", "amqp://u:p@127.0.0.1:5672/%2F", "amqp://u:p@[::1]/"}) {
        rabbit.url.value = safe;
        config.queue = rabbit;
        EXPECT_THAT(told(config), IsEmpty()) << safe;
    }
    rabbit.url.value = "amqp://u:p%40x@rabbit:5672/%2F";
    config.queue = rabbit;
    EXPECT_THAT(told(config),
                ElementsAre("queue.url: the password goes to rabbit in the clear; write amqps://, or set "
                            "security.plaintext: allow"));

    config::Kafka kafka;
    kafka.brokers = "one:9092,two:9092";
    config.queue = kafka;
    EXPECT_THAT(told(config), IsEmpty()) << "without a password";
    kafka.password = config::Secret{"p", ""};
    config.queue = kafka;
    EXPECT_THAT(told(config),
                ElementsAre(HasSubstr("queue.brokers: the password goes to one, two in the clear")));
    kafka.brokers = "localhost:9092,two:9092,[::1]:9092,three:9092";
    config.queue = kafka;
    EXPECT_THAT(told(config),
                ElementsAre(HasSubstr("queue.brokers: the password goes to two, three in the clear")));
    kafka.brokers = "localhost:9092,127.0.0.1:9092,[::1]:9092";
    config.queue = kafka;
    EXPECT_THAT(told(config), IsEmpty());
    kafka.brokers = "one:9092,two:9092";
    kafka.tls = true;
    config.queue = kafka;
    EXPECT_THAT(told(config), IsEmpty());

    config::Sqs sqs;
    sqs.url = "http://elsewhere/1/pages";
    config.queue = sqs;
    EXPECT_THAT(told(config), ElementsAre(HasSubstr("queue.url: what a session of AWS is signed with goes to "
                                                    "elsewhere in the clear")));
}

TEST(PlaintextCredentials, AreNotToldOfWhereTheConfigAllowsThem) {
    config::Config config = asking("http://api.test");
    config.security.plaintext = config::Plaintext::allow;
    EXPECT_THAT(told(config), IsEmpty());
}

}  // namespace
}  // namespace pagehaul::engine
