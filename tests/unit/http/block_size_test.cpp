#include "http/block_size.h"

#include <gtest/gtest.h>

#include "budget_time.h"

namespace pagehaul::http {
namespace {

using namespace std::chrono_literals;

/// Uses `count` slots within `span`, and is handed as many; others are handed `others`.
void work(BlockSize& size, int count, Nanos span, int others = 0) {
    std::int64_t handed = 0;
    size.leased(0, handed, kStart);
    for (int i = 0; i < count; ++i) {
        const MonoTime now = kStart + span * (i + 1) / count;
        size.used(now);
        handed += 1 + others * (i + 1) / count - others * i / count;
        size.leased(1, handed, now);
    }
}

TEST(BlockSize, OfOneThatHasUsedNothingIsWhatAllBeginWith) {
    EXPECT_EQ(BlockSize(200, 1).next({.waiting = 32, .without = 32, .over = true}, kStart), 6);
    EXPECT_EQ(BlockSize(10, 1).next({.waiting = 32, .without = 32, .over = true}, kStart), 1);
}

TEST(BlockSize, FollowsItsOwnUse) {
    BlockSize size(200, 1);
    work(size, 1'000, 10s);
    EXPECT_NEAR(static_cast<double>(size.next({.waiting = 8}, kStart + 10s)), 25 + 6, 2);
}

TEST(BlockSize, IsNeverMoreThanHalfASecondOfTheRate) {
    BlockSize size(100, 1);
    work(size, 10'000, 10s);
    EXPECT_EQ(size.next({.waiting = 8}, kStart + 10s), 50);
}

TEST(BlockSize, OfARateOfFewAMinuteIsOneSlot) {
    BlockSize size(0.1, 1);
    work(size, 10, 100s);
    EXPECT_EQ(size.next({.waiting = 8, .without = 8}, kStart + 100s), 1);
}

TEST(BlockSize, BesideOthersIsNoMoreThanWait) {
    BlockSize size(200, 1);
    work(size, 1'000, 10s, 1'000);
    EXPECT_EQ(size.next({.waiting = 5}, kStart + 10s), 5);
    EXPECT_NEAR(static_cast<double>(size.next({.waiting = 100}, kStart + 10s)), 25 + 6, 2);
}

TEST(BlockSize, AfterAQuietTimeIsTheBurstAsFarAsSomebodyWaits) {
    const BlockSize size(10, 20);
    EXPECT_EQ(size.next({.waiting = 8, .without = 8, .over = true}, kStart), 8);
    EXPECT_EQ(size.next({.waiting = 50, .without = 50, .over = true}, kStart), 20);
    EXPECT_EQ(size.next({.waiting = 8, .without = 8, .over = false}, kStart), 1);
}

TEST(BlockSize, KnowsWhenNobodyElseIsThere) {
    BlockSize size(200, 1);
    EXPECT_TRUE(size.is_alone(kStart));
    work(size, 100, 1s, 100);
    EXPECT_FALSE(size.is_alone(kStart + 1s));
}

}  // namespace
}  // namespace pagehaul::http
