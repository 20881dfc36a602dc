#include "telemetry/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include "fake_transport.h"

#include "log/log.h"

namespace pagehaul::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Gateway gateway(const std::string& url = "http://gateway:9091", config::Auth auth = config::AuthNone{}) {
    return gateway_of({.url = url, .auth = std::move(auth)}, "creative_report").value();
}

http::Request pushed_to(const Gateway& at) {
    FakeTransport transport([](std::stop_token) { return FakeTransport::status(202); });
    EXPECT_TRUE(push_once(transport, at, "metric 1\n", system_clock(), {}));
    return transport.sent().at(0).request;
}

struct Pushing {
    explicit Pushing(std::function<Result<http::Response>(std::stop_token)> answer,
                     Millis interval = Millis(3'600'000)) {
        auto owned = std::make_unique<FakeTransport>(std::move(answer));
        transport = owned.get();
        pusher = std::make_unique<Pusher>(
            way_to(
                gateway(), std::move(owned),
                [](std::int64_t failures) { return "failures " + std::to_string(failures) + "\n"; }, interval,
                system_clock()),
            system_clock());
    }
    FakeTransport* transport = nullptr;
    std::unique_ptr<Pusher> pusher;
};

TEST(Gateway, TheGroupIsTheJobAndThePipeline) {
    EXPECT_EQ(gateway().origin, "http://gateway:9091");
    EXPECT_EQ(pushed_to(gateway()).target, "/metrics/job/pagehaul/pipeline/creative_report");
}

TEST(Gateway, WherePipelinesOfOneNameRunTellsTheirGroupsApart) {
    const auto group = [](const config::MetricLabels& labels) {
        return gateway_of({.url = "http://g"}, "orders", labels)->group;
    };
    EXPECT_EQ(group({.cluster = "", .namespace_of = "reports", .cronjob = "nightly"}),
              "/metrics/job/pagehaul/namespace/reports/pipeline/orders");
    EXPECT_EQ(group({.cluster = "eu-1", .namespace_of = "reports", .cronjob = ""}),
              "/metrics/job/pagehaul/cluster/eu-1/namespace/reports/pipeline/orders");
}

TEST(Gateway, APathPrefixIsKept) {
    EXPECT_EQ(pushed_to(gateway("https://host/push/gw/")).target,
              "/push/gw/metrics/job/pagehaul/pipeline/creative_report");
    EXPECT_EQ(request_to(gateway("https://host/push/gw"), "GET", "/-/ready")->target, "/push/gw/-/ready");
}

TEST(Gateway, PushesShowWhoWeAre) {
    using Headers = http::Headers;
    EXPECT_EQ(pushed_to(gateway()).headers, Headers{});
    const config::AuthBasic basic{{"Aladdin", ""}, {"open sesame", ""}};  // RFC 7617, section 2
    EXPECT_EQ(pushed_to(gateway("http://g", basic)).headers,
              (Headers{{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}));
    EXPECT_EQ(pushed_to(gateway("http://g", config::AuthBearer{{"t0k", ""}})).headers,
              (Headers{{"Authorization", "Bearer t0k"}}));
    EXPECT_EQ(pushed_to(gateway("http://g", config::AuthQuery{"key", {"a&b", ""}})).target,
              "/metrics/job/pagehaul/pipeline/creative_report?key=a%26b");
}

TEST(Gateway, ABadUrlIsAConfigErrorThatKeepsThePassword) {
    for (const char* url :
         {"ftp://u:hunter2@host", "http://u:hunter2@host", "http://host/?q=1", "nonsense"}) {
        const auto at = gateway_of({.url = url}, "p");
        ASSERT_FALSE(at) << url;
        EXPECT_EQ(at.error().kind, ErrorKind::config);
        EXPECT_EQ(at.error().origin, "telemetry.pushgateway.url");
        EXPECT_THAT(at.error().message, Not(HasSubstr("hunter2")));
    }
}

TEST(Push, PostsTheTextWithinTwoSeconds) {
    FakeTransport transport([](std::stop_token) { return FakeTransport::status(202); });
    const MonoTime before = system_clock().now();
    EXPECT_TRUE(push_once(transport, gateway(), "metric 1\n", system_clock(), {}));
    const auto sent = transport.sent().at(0);
    EXPECT_EQ(sent.request.method, "POST");
    EXPECT_EQ(sent.request.body, "metric 1\n");
    EXPECT_LE(sent.deadline.when(), system_clock().now() + std::chrono::seconds(2));
    EXPECT_GE(sent.deadline.when(), before + std::chrono::seconds(2));
}

TEST(Push, ACredentialThatNoHeaderCanHoldIsAConfigErrorThatDoesNotRepeatIt) {
    FakeTransport transport([](std::stop_token) { return FakeTransport::status(202); });
    const auto pushed = push_once(transport, gateway("http://g", config::AuthBearer{{"hunter2\n", ""}}), "x",
                                  system_clock(), {});
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, ErrorKind::config);
    EXPECT_EQ(pushed.error().origin, "telemetry.pushgateway.auth");
    EXPECT_THAT(pushed.error().message, Not(HasSubstr("hunter2")));
}

TEST(Push, ARefusedCredentialIsNamedAsSuch) {
    for (const int status : {401, 403}) {
        FakeTransport refusing([status](std::stop_token) { return FakeTransport::status(status); });
        const auto pushed = push_once(refusing, gateway(), "x", system_clock(), {});
        ASSERT_FALSE(pushed);
        EXPECT_EQ(pushed.error().kind, ErrorKind::credential);
        EXPECT_EQ(pushed.error().origin, "telemetry.pushgateway.auth");
    }
}

TEST(Push, ARefusalSaysWhatTheGatewaySaid) {
    FakeTransport refusing(
        [](std::stop_token) { return FakeTransport::status(400, "pushed metrics are invalid"); });
    const auto pushed = push_once(refusing, gateway(), "x", system_clock(), {});
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, ErrorKind::permanent);
    EXPECT_THAT(pushed.error().message, HasSubstr("400: pushed metrics are invalid"));
    FakeTransport broken([](std::stop_token) { return FakeTransport::status(502); });
    EXPECT_EQ(push_once(broken, gateway(), "x", system_clock(), {}).error().kind, ErrorKind::transient);
}

TEST(Pusher, PushesAtOnceAtTheIntervalAndALastTime) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); }, Millis(1));
    pushing.pusher->lead(true);
    pushing.pusher->start();
    pushing.transport->wait_for(3);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_GE(pushing.transport->sent().size(), 4U);
    EXPECT_EQ(pushing.pusher->failures(), 0);
}

TEST(Pusher, PushesNothingBeforeItLeadsAndThenAtOnce) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); });
    pushing.pusher->start();
    pushing.pusher->lead(false);
    EXPECT_TRUE(pushing.transport->sent().empty());
    pushing.pusher->lead(true);
    pushing.transport->wait_for(1);
    pushing.pusher->lead(false);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.transport->sent().size(), 2U);
}

TEST(Pusher, OneThatNeverLedPushesTheEnd) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); }, Millis(1));
    pushing.pusher->start();
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.transport->sent().size(), 1U);
}

TEST(Pusher, FinishDoesNotWaitForTheInterval) {
    Pushing pushing([](std::stop_token) { return FakeTransport::status(200); });
    pushing.pusher->lead(true);
    pushing.pusher->start();
    pushing.transport->wait_for(1);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.transport->sent().size(), 2U);
}

TEST(Pusher, APushTellsHowManyHaveFailed) {
    Pushing pushing(
        [refused = std::make_shared<std::atomic<int>>(0)](std::stop_token) {
            return FakeTransport::status(refused->fetch_add(1) < 2 ? 503 : 200);
        },
        Millis(1));
    pushing.pusher->lead(true);
    pushing.pusher->start();
    pushing.transport->wait_for(3);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.transport->sent().at(0).request.body, "failures 0\n");
    EXPECT_EQ(pushing.transport->sent().at(2).request.body, "failures 2\n");
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
    pushing.pusher->lead(true);
    pushing.pusher->start();
    pushing.transport->wait_for(1);
    EXPECT_TRUE(pushing.pusher->finish());
    EXPECT_EQ(pushing.pusher->failures(), 0);
}

TEST(Pusher, FailuresAreCountedAndLoggedOnceThenRarely) {
    const log::Capture capture;
    Pushing pushing([](std::stop_token) { return fail(ErrorKind::transient, "", "connection refused"); },
                    Millis(1));
    pushing.pusher->lead(true);
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
    Pusher pusher({.place = "some.key",
                   .push = [](std::int64_t, std::stop_token, Nanos) -> Result<void> {
                       throw std::runtime_error("no text");
                   }},
                  system_clock());
    EXPECT_FALSE(pusher.finish());
    EXPECT_EQ(pusher.failures(), 1);
    EXPECT_THAT(capture.lines().at(0), HasSubstr("some.key: no text"));
}

TEST(Pusher, TheLastPushTakesNoLongerThanOneOfItsWayNorThanTheEndHasTime) {
    const auto last_limit = [](Nanos of_the_way, Nanos of_the_end) {
        Nanos seen{};
        Pusher pusher({.place = "p",
                       .push = [&seen](std::int64_t, std::stop_token, Nanos limit) -> Result<void> {
                           seen = limit;
                           return {};
                       },
                       .limit = of_the_way},
                      system_clock());
        EXPECT_TRUE(pusher.finish(of_the_end));
        return seen;
    };
    EXPECT_EQ(last_limit(std::chrono::seconds(10), std::chrono::seconds(2)), std::chrono::seconds(2));
    EXPECT_EQ(last_limit(std::chrono::milliseconds(500), std::chrono::seconds(2)),
              std::chrono::milliseconds(500));
}

/// The last push of this way waits until it was reached by `all` of them.
Way meeting(const std::string& place, std::shared_ptr<std::latch> all) {
    return {.place = place,
            .push = [all = std::move(all)](std::int64_t, std::stop_token, Nanos) -> Result<void> {
                all->arrive_and_wait();
                return {};
            }};
}

TEST(Pushers, TheLastPushesOfSeveralWaysAreMadeAtOnce) {
    const auto both = std::make_shared<std::latch>(2);
    Pushers pushers;
    EXPECT_TRUE(pushers.empty());
    pushers.add(meeting("one", both), system_clock());
    pushers.add(meeting("other", both), system_clock());
    pushers.finish(std::chrono::seconds(2));  // one after the other they would wait for ever
    EXPECT_TRUE(both->try_wait());
}

TEST(Pushers, LeadAndStartAreOfEach) {
    const auto both = std::make_shared<std::latch>(2);
    Pushers pushers;
    for (const char* place : {"one", "other"})
        pushers.add({.place = place,
                     .push = [both](std::int64_t, std::stop_token, Nanos) -> Result<void> {
                         both->count_down();
                         return {};
                     },
                     .interval = Millis(3'600'000)},
                    system_clock());
    pushers.lead(true);
    pushers.start();
    both->wait();
}

}  // namespace
}  // namespace pagehaul::telemetry
