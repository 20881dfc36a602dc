#include "telemetry/otlp_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_transport.h"
#include "log/log.h"
#include "manual_clock.h"

namespace pagehaul::telemetry {
namespace {

using ::testing::HasSubstr;
using testing::ManualClock;

constexpr Nanos kLimit = std::chrono::seconds(2);

MetricSettings settings() {
    return {{.origin = "http://collector:4318",
             .path = "/otlp/v1/metrics",
             .said_by = "telemetry.metrics.endpoint",
             .headers = {{"x-api-key", "k"}},
             .timeout = Millis(700)},
            Millis(5'000)};
}

struct Reply {
    int status;
    std::string body{};
    http::Headers headers{};
};

/// A receiver that gives these answers, the last of them for ever.
struct Receiving {
    explicit Receiving(std::vector<Reply> replies) {
        auto owned = std::make_unique<FakeTransport>(
            [replies = std::move(replies), next = std::make_shared<std::size_t>(0)](std::stop_token) {
                const Reply& reply = replies[std::min((*next)++, replies.size() - 1)];
                http::Response response = FakeTransport::status(reply.status, reply.body).value();
                response.headers = reply.headers;
                return Result<http::Response>(std::move(response));
            });
        transport = owned.get();
        way = way_to(
            settings(), std::move(owned),
            [](std::int64_t failures) { return "{\"failures\":" + std::to_string(failures) + "}"; }, clock);
    }
    Result<void> push(std::int64_t failures = 0) { return way.push(failures, {}, kLimit); }

    ManualClock clock;
    FakeTransport* transport = nullptr;
    Way way;
};

TEST(OtlpPush, PostsWhatIsRenderedToTheEndpointWithItsHeaders) {
    Receiving receiving({{200, "{}"}});
    EXPECT_TRUE(receiving.push(3));
    const auto sent = receiving.transport->sent().at(0);
    EXPECT_EQ(sent.request.method, "POST");
    EXPECT_EQ(sent.request.target, "/otlp/v1/metrics");
    EXPECT_EQ(sent.request.content_type, "application/json");
    EXPECT_EQ(sent.request.headers, (http::Headers{{"x-api-key", "k"}}));
    EXPECT_EQ(sent.request.body, "{\"failures\":3}");
    EXPECT_EQ(sent.deadline.when(), receiving.clock.now() + kLimit);
}

TEST(OtlpPush, ItsIntervalAndItsTimeOutAreTheSettings) {
    const Receiving receiving({Reply{200}});
    EXPECT_EQ(receiving.way.place, "telemetry.metrics.endpoint");
    EXPECT_EQ(receiving.way.interval, Millis(5'000));
    EXPECT_EQ(receiving.way.limit, Millis(700));
}

TEST(OtlpPush, ARefusalSaysWhatTheReceiverSaidAndIsNotRepeated) {
    for (const auto& [status, kind] : std::vector<std::pair<int, ErrorKind>>{{400, ErrorKind::permanent},
                                                                             {401, ErrorKind::credential},
                                                                             {403, ErrorKind::credential},
                                                                             {503, ErrorKind::transient}}) {
        Receiving receiving({{status, "out of order"}});
        const auto pushed = receiving.push();
        ASSERT_FALSE(pushed);
        EXPECT_EQ(pushed.error().kind, kind);
        EXPECT_EQ(pushed.error().origin, "telemetry.metrics.endpoint");
        EXPECT_THAT(pushed.error().message, HasSubstr(std::to_string(status) + ": out of order"));
        EXPECT_EQ(receiving.transport->sent().size(), 1U);
    }
}

TEST(OtlpPush, PointsThatAreRejectedAreAFailure) {
    Receiving receiving(
        {{200, R"({"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "too old"}})"}});
    const auto pushed = receiving.push();
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, ErrorKind::permanent);
    EXPECT_THAT(pushed.error().message, HasSubstr("rejected 7 points: too old"));
}

TEST(OtlpPush, NothingIsSentBeforeThePauseIsOverThatTheReceiverAskedFor) {
    Receiving receiving({{429, "", {{"retry-after", "60"}}}, {200}});
    EXPECT_FALSE(receiving.push());
    receiving.clock.advance(std::chrono::seconds(59));
    const auto early = receiving.push();
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().kind, ErrorKind::throttled);
    EXPECT_EQ(receiving.transport->sent().size(), 1U);
    receiving.clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(receiving.push());
    EXPECT_EQ(receiving.transport->sent().size(), 2U);
}

TEST(OtlpPush, WhatTheReceiverSaysIsToldWithoutSecrets) {
    log::set_redactor([](std::string_view, std::size_t) { return std::string("***"); });
    Receiving receiving({{400, "hunter2"}});
    const auto pushed = receiving.push();
    log::set_redactor({});
    EXPECT_THAT(pushed.error().message, HasSubstr("400: ***"));
}

}  // namespace
}  // namespace pagehaul::telemetry
