#include "telemetry/export_policy.h"

#include <gtest/gtest.h>

#include "manual_clock.h"

namespace pagehaul::telemetry {
namespace {

using pagehaul::testing::FixedRandom;
using std::chrono::seconds;

NextStep after(const SendOutcome& outcome, int attempt = 1, Nanos left = seconds(10), bool closing = false) {
    FixedRandom random(0.5);
    return next_step(outcome, attempt, left, closing, random);
}
SendOutcome answered(int status, std::optional<Millis> retry_after = {}) {
    return {.status = status, .retry_after = retry_after, .text = "why"};
}
const SendOutcome kDropped{.text = "connection reset"};

TEST(ExportPolicy, AnyTwoHundredIsDone) {
    EXPECT_TRUE(std::holds_alternative<Sent>(after(answered(200))));
    EXPECT_TRUE(std::holds_alternative<Sent>(after(answered(202))));
}

TEST(ExportPolicy, FourAnswersAndADroppedConnectionAreTriedAgain) {
    for (const int status : {429, 502, 503, 504})
        EXPECT_TRUE(std::holds_alternative<TryAgain>(after(answered(status)))) << status;
    EXPECT_TRUE(std::holds_alternative<TryAgain>(after(kDropped)));
}

TEST(ExportPolicy, EveryOtherAnswerIsFinal) {
    for (const int status : {301, 400, 401, 403, 404, 408, 413, 500, 501, 505})
        EXPECT_EQ(std::get<GiveUp>(after(answered(status))).why, "why") << status;
}

TEST(ExportPolicy, ABatchWhoseTimeIsOverIsGivenUp) {
    EXPECT_TRUE(std::holds_alternative<GiveUp>(after({.hopeless = true})));
    EXPECT_TRUE(std::holds_alternative<GiveUp>(after(answered(503), 1, Millis{200})));
    EXPECT_TRUE(std::holds_alternative<GiveUp>(after(kDropped, 1, Nanos{0})));
}

TEST(ExportPolicy, PausesGrowUpToFourSeconds) {
    const auto pause = [](int attempt) { return std::get<TryAgain>(after(answered(503), attempt)).pause; };
    EXPECT_EQ(pause(1), Millis{250});
    EXPECT_EQ(pause(2), Millis{500});
    EXPECT_EQ(pause(4), Millis{2'000});
    EXPECT_EQ(pause(40), Millis{2'000});
}

TEST(ExportPolicy, RetryAfterIsWaitedFor) {
    const auto again = std::get<TryAgain>(after(answered(429, seconds(3))));
    EXPECT_EQ(again.pause, Millis{3'000});
    EXPECT_TRUE(again.asked_for);
    EXPECT_FALSE(std::get<TryAgain>(after(answered(429))).asked_for);
    EXPECT_EQ(std::get<TryAgain>(after(answered(429, Millis{0}))).pause, Millis{250}) << "never at once";
}

TEST(ExportPolicy, ARetryAfterBeyondTheBatchsTimeHoldsTheNextOneBack) {
    const auto given_up = std::get<GiveUp>(after(answered(503, seconds(60))));
    EXPECT_EQ(given_up.hold, Millis{60'000});
    EXPECT_EQ(std::get<GiveUp>(after(answered(400, seconds(60)))).hold, Millis{0});
}

TEST(ExportPolicy, AtTheEndASilentCollectorIsNotWaitedForABusyOneIs) {
    EXPECT_TRUE(std::holds_alternative<GiveUp>(after(kDropped, 1, seconds(2), true)));
    EXPECT_TRUE(std::holds_alternative<TryAgain>(after(answered(503), 1, seconds(2), true)));
}

}  // namespace
}  // namespace pagehaul::telemetry
