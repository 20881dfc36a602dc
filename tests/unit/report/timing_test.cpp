#include "report/timing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Process from_to(EpochMs started, EpochMs last_seen) {
    return {
        .host = "h", .pid = 1, .started = started, .last_seen = last_seen, .settled = true, .alive = false};
}

TEST(Sittings, ProcessesThatOverlapAreOne) {
    EXPECT_THAT(sittings({from_to(50, 90), from_to(0, 60), from_to(200, 300)}),
                ElementsAre(Span{0, 90}, Span{200, 300}));
    EXPECT_EQ(resumptions({from_to(0, 60), from_to(50, 90), from_to(200, 300)}), 1);
    EXPECT_EQ(worked_ms({from_to(0, 60), from_to(50, 90), from_to(200, 300)}), 190);
    EXPECT_THAT(sittings({}), IsEmpty());
    EXPECT_EQ(resumptions({}), 0);
}

TEST(Sittings, AProcessThatWasNeverHeardOfAgainEndsWhereItBegan) {
    EXPECT_THAT(sittings({from_to(100, 40)}), ElementsAre(Span{100, 100}));
}

TEST(Pauses, ALongOneIsCutOut) {
    EXPECT_THAT(cut_pauses({{0, 600'000}, {25'200'000, 25'500'000}}),
                ElementsAre(Span{0, 600'000}, Span{25'200'000, 25'500'000}));
}

TEST(Pauses, ATenthOfTheWholeAndHalfAMinuteAreTheLeast) {
    EXPECT_THAT(cut_pauses({{0, 1'000}, {3'000, 4'000}}), ElementsAre(Span{0, 4'000}))
        << "two seconds are none";
    EXPECT_THAT(cut_pauses({{0, 3'000'000}, {3'060'000, 6'000'000}}), ElementsAre(Span{0, 6'000'000}))
        << "a minute of a hundred is none";
    EXPECT_THAT(cut_pauses({{0, 1'000}, {31'000, 32'000}}),
                ElementsAre(Span{0, 1'000}, Span{31'000, 32'000}));
    EXPECT_THAT(cut_pauses({}), IsEmpty());
}

TEST(BarWidth, IsTheSmallestRoundOneThatFits) {
    EXPECT_EQ(bar_width_ms({{0, 10'000}}, 72), 1'000);
    EXPECT_EQ(bar_width_ms({{0, 71'999}}, 72), 1'000);
    EXPECT_EQ(bar_width_ms({{0, 72'000}}, 72), 2'000);
    EXPECT_EQ(bar_width_ms({{0, 3'600'000}}, 72), 60'000);
    EXPECT_EQ(bar_width_ms({{0, 36'000}, {90'000'000, 90'036'000}}, 72), 2'000)
        << "a bar begun is a bar, in each span";
}

TEST(BarWidth, GrowsBeyondADayForARunOfMonths) {
    const std::int64_t half_a_year = 180LL * 86'400'000;
    EXPECT_LE(bars_of({0, half_a_year}, bar_width_ms({{0, half_a_year}}, 72)), 72);
}

TEST(LatencyEdges, ReachFromTheFastestBeyondP99InRoundSteps) {
    EXPECT_THAT(latency_edges(31, 33), ElementsAre(31, 32, 33, 34));
    EXPECT_THAT(latency_edges(41, 103),
                ElementsAre(40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100, 105));
    EXPECT_THAT(latency_edges(5, 5), ElementsAre(5, 6));
    EXPECT_THAT(latency_edges(0, 0), ElementsAre(0, 1));
}

TEST(LatencyEdges, AreTwoDozenAtMost) {
    for (const std::int64_t fastest : {0, 3, 99, 1'000})
        for (std::int64_t p99 = fastest; p99 < 4'000'000; p99 = p99 * 3 / 2 + 1) {
            const auto edges = latency_edges(fastest, p99);
            EXPECT_LE(edges.size(), 25U) << fastest << " " << p99;
            EXPECT_LE(edges.front(), fastest);
            EXPECT_GT(edges.back(), p99);
        }
}

TEST(RoundUp, GivesOneTwoOrFiveTimesAPowerOfTen) {
    EXPECT_EQ(round_up(-3), 1);
    EXPECT_EQ(round_up(0), 1);
    EXPECT_EQ(round_up(1), 1);
    EXPECT_EQ(round_up(3), 5);
    EXPECT_EQ(round_up(11), 20);
    EXPECT_EQ(round_up(501), 1'000);
}

}  // namespace
}  // namespace pagehaul::report
