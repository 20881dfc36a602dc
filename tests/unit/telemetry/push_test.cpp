#include "telemetry/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_transport.h"
#include "log/log.h"

namespace pagehaul::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Gateway gateway(std::string_view url = "http://gateway:9091", std::string_view pipeline = "p") {
    return parse_gateway(url, pipeline).value();
}

Gateway plain() {
    return gateway();
}

struct Pushing {
    explicit Pushing(std::function<Result<http::Response>(std::stop_token)> answer,
                     Millis interval = Millis(3'600'000)) {
        auto owned = std::make_unique<FakeTransport>(std::move(answer));
        transport = owned.get();
        pusher = std::make_unique<Pusher>(
            plain(), std::move(owned), [] { return "metric 1\n"; }, interval, system_clock());
    }
    FakeTransport* transport = nullptr;
    std::unique_ptr<Pusher> pusher;
};

TEST(Gateway, TheGroupIsTheJobAndThePipeline) {
    const Gateway at = gateway("http://gateway:9091", "creative_report");
    EXPECT_EQ(at.origin, "http://gateway:9091");
    EXPECT_EQ(at.path, "/metrics/job/pagehaul/pipeline/creative_report");
    EXPECT_EQ(at.authorization, "");
}

TEST(Gateway, APathPrefixIsKept) {
    EXPECT_EQ(gateway("https://host/push/gw/").path, "/push/gw/metrics/job/pagehaul/pipeline/p");
}

TEST(Gateway, NamesThatAPathCannotHoldTakeTheBase64Form) {
    EXPECT_EQ(gateway("http://g", "a/b").path, "/metrics/job/pagehaul/pipeline@base64/YS9i");
    EXPECT_EQ(gateway("http://g", "/>>>???").path, "/metrics/job/pagehaul/pipeline@base64/Lz4-Pj8_Pw==");
    EXPECT_EQ(gateway("http://g", "").path, "/metrics/job/pagehaul/pipeline@base64/=");
    EXPECT_EQ(gateway("http://g", "a b").path, "/metrics/job/pagehaul/pipeline/a%20b");
}

TEST(Gateway, UserAndPasswordOfTheUrlBecomeBasicAuthentication) {
    const Gateway at = gateway("http://Aladdin:open%20sesame@gateway:9091/x");
    EXPECT_EQ(at.authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, section 2
    EXPECT_EQ(at.origin, "http://gateway:9091");
    EXPECT_EQ(at.path, "/x/metrics/job/pagehaul/pipeline/p");
    EXPECT_EQ(gateway("http://u:p@ss@host").authorization, "Basic dTpwQHNz");
    EXPECT_EQ(gateway("http://host/a@b").authorization, "");
}

TEST(Gateway, ABadUrlIsAConfigErrorThatKeepsThePassword) {
    for (const char* url : {"ftp://u:hunter2@host", "http://u:hunter2@host/?q=1", "nonsense"}) {
        const auto at = parse_gateway(url, "p");
        ASSERT_FALSE(at) << url;
        EXPECT_EQ(at.error().kind, ErrorKind::config);
        EXPECT_EQ(at.error().origin, "telemetry.pushgateway.url");
        EXPECT_THAT(at.error().message, Not(HasSubstr("hunter2")));
    }
}

TEST(Push, PostsTheTextWithinThreeSeconds) {
    FakeTransport transport([](std::stop_token) { return FakeTransport::status(202); });
    const MonoTime before = system_clock().now();
    EXPECT_TRUE(push_once(transport, gateway("http://u:p@g"), "metric 1\n", system_clock(), {}));
    const auto sent = transport.sent().at(0);
    EXPECT_EQ(sent.request.method, "POST");
    EXPECT_EQ(sent.request.target, "/metrics/job/pagehaul/pipeline/p");
    EXPECT_EQ(sent.request.body, "metric 1\n");
    EXPECT_EQ(sent.request.headers, (http::Headers{{"Authorization", "Basic dTpw"}}));
    EXPECT_LE(sent.deadline.when(), system_clock().now() + std::chrono::seconds(3));
    EXPECT_GE(sent.deadline.when(), before + std::chrono::seconds(3));
}

TEST(Push, ARefusalSaysWhatTheGatewaySaid) {
    FakeTransport refusing(
        [](std::stop_token) { return FakeTransport::status(400, "pushed metrics are invalid"); });
    const auto pushed = push_once(refusing, plain(), "x", system_clock(), {});
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, ErrorKind::permanent);
    EXPECT_THAT(pushed.error().message, HasSubstr("400: pushed metrics are invalid"));
    FakeTransport broken([](std::stop_token) { return FakeTransport::status(502); });
    EXPECT_EQ(push_once(broken, plain(), "x", system_clock(), {}).error().kind, ErrorKind::transient);
}

TEST(Pusher, PushesAtTheIntervalAndALastTime) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); }, Millis(1));
    pushing.pusher->start();
    pushing.transport->wait_for(3);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_GE(pushing.transport->sent().size(), 4U);
    EXPECT_EQ(pushing.pusher->failures(), 0);
}

TEST(Pusher, FinishDoesNotWaitForTheInterval) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); });
    pushing.pusher->start();
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.transport->sent().size(), 1U);
}

TEST(Pusher, FinishCutsOffAPushThatHangs) {
    Pushing pushing(
        [first =
             std::make_shared<std::atomic<bool>>(true)](std::stop_token cancel) -> Result<http::Response> {
            if (!first->exchange(false)) return FakeTransport::status(200);
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock(mutex);
            never.wait(lock, cancel, [] { return false; });
            return fail(ErrorKind::cancelled, "", "cancelled");
        },
        Millis(1));
    pushing.pusher->start();
    pushing.transport->wait_for(1);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.pusher->failures(), 0);
}

TEST(Pusher, FailuresAreCountedAndLoggedOnceThenRarely) {
    const log::Capture capture;
    Pushing pushing([](std::stop_token) { return fail(ErrorKind::transient, "", "connection refused"); },
                    Millis(1));
    pushing.pusher->start();
    pushing.transport->wait_for(12);
    EXPECT_FALSE(pushing.pusher->finish());
    const auto failures = pushing.pusher->failures();
    EXPECT_GE(failures, 12);
    const auto lines = capture.lines();
    EXPECT_EQ(static_cast<std::int64_t>(lines.size()), (failures + 9) / 10);
    EXPECT_THAT(lines.at(0), HasSubstr("connection refused"));
}

TEST(Pusher, AThrowIsAFailedPushAndNothingMore) {
    const log::Capture capture;
    auto transport =
        std::make_unique<FakeTransport>([](std::stop_token) { return FakeTransport::status(200); });
    Pusher pusher(
        plain(), std::move(transport), []() -> std::string { throw std::runtime_error("no text"); },
        Millis(1000), system_clock());
    EXPECT_FALSE(pusher.finish());
    EXPECT_EQ(pusher.failures(), 1);
}

}  // namespace
}  // namespace pagehaul::telemetry
