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
    config.source.request.headers = {{"Accept-Language", {"de", ""}}};
    EXPECT_THAT(told(config), IsEmpty());
    config.source.request.headers = {{"X-Api-Key", {"k", ""}}};
    EXPECT_THAT(told(config), ElementsAre(HasSubstr("source.request.headers.X-Api-Key goes to api.test")));
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
    EXPECT_THAT(told(config), ElementsAre(HasSubstr("queue.brokers: the password goes to one in the clear")));
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
