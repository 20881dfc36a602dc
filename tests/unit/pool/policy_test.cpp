#include "pool/policy.h"

#include <gtest/gtest.h>

namespace pagehaul::pool {
namespace {

using namespace std::chrono_literals;

Seat at_work(const std::string& pipeline, Nanos worked) {
    return {.pipeline = pipeline, .worked = worked, .idle = 0s, .leaving = false};
}

TEST(PoolPolicy, WhoHasWaitedLongestGetsTheFreeSeats) {
    const Moves moves = next_moves({at_work("a", 1s)}, {{"b", 1s}, {"c", 9s}, {"d", 2s}}, 3, 30s);
    EXPECT_EQ(moves, (Moves{.start = {"c", "d"}, .leave = {}}));
}

TEST(PoolPolicy, NobodyLeavesWhereNobodyWaits) {
    EXPECT_EQ(next_moves({at_work("a", 1h), at_work("b", 1h)}, {}, 2, 30s), Moves{});
}

TEST(PoolPolicy, NobodyLeavesBeforeATurnIsOver) {
    EXPECT_EQ(next_moves({at_work("a", 29s), at_work("b", 1s)}, {{"c", 1h}}, 2, 30s), Moves{});
}

TEST(PoolPolicy, WhoHasWorkedLongestMakesRoomForOneThatWaits) {
    const Moves moves = next_moves({at_work("a", 31s), at_work("b", 40s)}, {{"c", 0s}}, 2, 30s);
    EXPECT_EQ(moves, (Moves{.start = {}, .leave = {"b"}}));
}

TEST(PoolPolicy, WhoLeavesAlreadyMakesTheRoom) {
    Seat leaving = at_work("b", 40s);
    leaving.leaving = true;
    EXPECT_EQ(next_moves({at_work("a", 50s), leaving}, {{"c", 0s}}, 2, 30s), Moves{});
    EXPECT_EQ(next_moves({at_work("a", 50s), leaving}, {{"c", 0s}, {"d", 0s}}, 2, 30s).leave,
              std::vector<std::string>{"a"});
}

TEST(PoolPolicy, AnIdleOneLeavesFirstAndWithinItsTurn) {
    Seat idle = at_work("b", 6s);
    idle.idle = idle_grace;
    EXPECT_EQ(next_moves({at_work("a", 1h), idle}, {{"c", 0s}}, 2, 30s).leave, std::vector<std::string>{"b"});
}

TEST(PoolPolicy, RestsGrowFromASecondToAMinute) {
    EXPECT_EQ(rest_after(0s), 1s);
    EXPECT_EQ(rest_after(1s), 2s);
    EXPECT_EQ(rest_after(50s), 60s);
}

}  // namespace
}  // namespace pagehaul::pool
