#include "engine/shared/source_health.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;

MonoTime at(int second) {
    return MonoTime(std::chrono::hours(1)) + seconds(second);
}

SourceHealthOptions options() {
    return {.silence = seconds(30), .patience = seconds(600), .probe_pause = seconds(1), .doubt_after = 16};
}

TEST(SourceHealth, FailuresCountWhileOthersSucceed) {
    SourceHealth health(options());
    health.on_success(at(0));
    EXPECT_TRUE(health.on_failure(at(1)));
    health.on_success(at(2));
    EXPECT_TRUE(health.on_failure(at(3)));
    EXPECT_EQ(health.state(at(3)), SourceState::up);
}

TEST(SourceHealth, FailuresBeforeAnySuccessDoNotCount) {
    SourceHealth health(options());
    EXPECT_FALSE(health.on_failure(at(0)));
}

TEST(SourceHealth, FailuresLongAfterTheLastSuccessDoNotCount) {
    SourceHealth health(options());
    health.on_success(at(0));
    EXPECT_TRUE(health.on_failure(at(29)));
    EXPECT_FALSE(health.on_failure(at(30)));
}

TEST(SourceHealth, AnOutageDoesNotUseUpAPagesAttempts) {
    SourceHealth health(options());
    health.on_success(at(0));
    int counted = 0;
    for (int i = 0; i < 1000; ++i)
        counted += health.on_failure(at(i * 30 / 1000)) ? 1 : 0;
    EXPECT_EQ(counted, 15);
}

TEST(SourceHealth, ThirtySecondsOfFailuresAreDown) {
    SourceHealth health(options());
    health.on_success(at(0));
    health.on_failure(at(100));
    EXPECT_EQ(health.state(at(129)), SourceState::up);
    EXPECT_EQ(health.state(at(130)), SourceState::down);
    EXPECT_EQ(health.failing_since(), at(100));
}

TEST(SourceHealth, SilenceWithoutRequestsIsNotDown) {
    SourceHealth health(options());
    health.on_success(at(0));
    EXPECT_EQ(health.state(at(3000)), SourceState::up);
}

TEST(SourceHealth, OneProbeAtATimeWithAPauseBetween) {
    SourceHealth health(options());
    EXPECT_FALSE(health.begin_probe(at(0)));
    health.on_failure(at(0));
    EXPECT_EQ(health.next_probe_at(at(10)), std::nullopt);
    EXPECT_EQ(health.next_probe_at(at(30)), at(30));
    EXPECT_TRUE(health.begin_probe(at(30)));
    EXPECT_FALSE(health.begin_probe(at(31)));
    EXPECT_EQ(health.next_probe_at(at(31)), std::nullopt);
    health.on_probe_failure(at(35));
    EXPECT_FALSE(health.begin_probe(at(35)));
    EXPECT_EQ(health.next_probe_at(at(35)), at(36));
    EXPECT_TRUE(health.begin_probe(at(36)));
}

TEST(SourceHealth, AnAnsweredProbeBringsItUpAndFailuresCountAgain) {
    SourceHealth health(options());
    health.on_failure(at(0));
    ASSERT_TRUE(health.begin_probe(at(30)));
    health.on_success(at(31));
    EXPECT_EQ(health.state(at(31)), SourceState::up);
    EXPECT_TRUE(health.on_failure(at(32)));
    EXPECT_EQ(health.state(at(61)), SourceState::up);
    EXPECT_EQ(health.state(at(62)), SourceState::down);
    EXPECT_TRUE(health.begin_probe(at(62)));
}

TEST(SourceHealth, PatienceCountsFromTheFirstFailure) {
    SourceHealth health(options());
    health.on_failure(at(0));
    EXPECT_EQ(health.state(at(599)), SourceState::down);
    EXPECT_EQ(health.state(at(600)), SourceState::given_up);
    EXPECT_FALSE(health.begin_probe(at(600)));
}

TEST(SourceHealth, ThrottlingCountsAgainstNoPageAndIsNoSuccess) {
    SourceHealth health(options());
    health.on_success(at(0));
    health.on_throttled(at(1), {.span = seconds(0)});
    EXPECT_TRUE(health.throttles());
    EXPECT_EQ(health.failing_since(), at(1));
    EXPECT_TRUE(health.on_failure(at(2))) << "the last success is young";
    health.on_success(at(3));
    EXPECT_FALSE(health.throttles());
    EXPECT_EQ(health.failing_since(), std::nullopt);
}

TEST(SourceHealth, ThrottlingWithoutEndIsDownAndGivenUpAfterItsFirstPauseAndThePatience) {
    SourceHealth health(options());
    health.on_throttled(at(0), {.span = seconds(900)});
    health.on_throttled(at(900), {.span = seconds(900)});
    EXPECT_EQ(health.state(at(929)), SourceState::up);
    EXPECT_EQ(health.state(at(930)), SourceState::down);
    EXPECT_EQ(health.state(at(1499)), SourceState::down);
    EXPECT_EQ(health.state(at(1500)), SourceState::given_up);
}

TEST(SourceHealth, ASourceThatAsksForMoreThanWeMayWaitIsDownAtOnceAndUpWithTheNextAnswer) {
    SourceHealth health(options());
    health.on_success(at(0));
    health.on_throttled(at(1), {.span = seconds(900), .asked_too_much = true});
    EXPECT_EQ(health.state(at(1)), SourceState::down);
    EXPECT_EQ(health.state(at(600)), SourceState::down);
    EXPECT_EQ(health.state(at(601)), SourceState::given_up) << "its patience runs from the answer on";
    health.on_success(at(601));
    EXPECT_EQ(health.state(at(602)), SourceState::up);
}

TEST(SourceHealth, AShortPatienceStillProbesBeforeGivingUp) {
    auto short_patience = options();
    short_patience.patience = seconds(10);
    SourceHealth health(short_patience);
    health.on_failure(at(0));
    EXPECT_EQ(health.state(at(4)), SourceState::up);
    EXPECT_TRUE(health.begin_probe(at(5)));
    EXPECT_EQ(health.state(at(10)), SourceState::given_up);
    health.on_success(at(10));
    EXPECT_EQ(health.state(at(10)), SourceState::up);
}

}  // namespace
}  // namespace pagehaul::engine
