#include "engine/shared/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace pagehaul::engine {
namespace {

constexpr std::int64_t kKiB = 1024;

std::stop_token stopped() {
    std::stop_source stop;
    stop.request_stop();
    return stop.get_token();
}

TEST(ByteBudget, TheFirstRequestsReserveTheFirstGuess) {
    ByteBudget budget(1024 * kKiB);
    const auto one = budget.acquire({});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->bytes(), 256 * kKiB);
    EXPECT_EQ(budget.used(), 256 * kKiB);
}

TEST(ByteBudget, LaterRequestsReserveTheLargestPageSeen) {
    ByteBudget budget(1024 * kKiB);
    auto page = budget.acquire({});
    page->settle(30 * kKiB, 70 * kKiB);
    EXPECT_EQ(page->bytes(), 30 * kKiB);
    EXPECT_EQ(budget.used(), 30 * kKiB);
    EXPECT_EQ(budget.next_size(), 70 * kKiB);
    auto smaller = budget.acquire({});
    smaller->settle(1, 1);
    EXPECT_EQ(budget.next_size(), 70 * kKiB);
}

TEST(ByteBudget, AHugePageIsForgottenAfterSomeHundreds) {
    ByteBudget budget(1024 * kKiB);
    budget.acquire({})->settle(0, 1000 * kKiB);
    for (int i = 0; i < 255; ++i)
        budget.acquire({})->settle(0, 50 * kKiB);
    EXPECT_EQ(budget.next_size(), 1000 * kKiB);
    for (int i = 0; i < 257; ++i)
        budget.acquire({})->settle(0, 50 * kKiB);
    EXPECT_EQ(budget.next_size(), 50 * kKiB);
}

TEST(ByteBudget, AFailedRequestLeavesNoSizeBehind) {
    ByteBudget budget(1024 * kKiB);
    {
        auto failed = budget.acquire({});
        ASSERT_TRUE(failed->grow_to(300 * kKiB));
    }
    EXPECT_EQ(budget.used(), 0);
    EXPECT_EQ(budget.next_size(), 256 * kKiB);
}

TEST(ByteBudget, WaitsForRoomAndGoesOnWhenAPageIsCommitted) {
    ByteBudget budget(512 * kKiB);
    auto one = budget.acquire({});
    auto two = budget.acquire({});
    std::optional<Reservation> three;
    std::jthread waiter([&] { three = budget.acquire({}); });
    one->release();
    waiter.join();
    EXPECT_TRUE(three);
    EXPECT_EQ(budget.used(), 512 * kKiB);
}

TEST(ByteBudget, AStopEndsTheWait) {
    ByteBudget budget(256 * kKiB);
    const auto one = budget.acquire({});
    std::stop_source stop;
    std::optional<Reservation> two;
    std::jthread waiter([&] { two = budget.acquire(stop.get_token()); });
    stop.request_stop();
    waiter.join();
    EXPECT_FALSE(two);
    EXPECT_FALSE(budget.acquire(stopped()));
    EXPECT_EQ(budget.used(), 256 * kKiB);
}

TEST(ByteBudget, OneGoesOverAndTheOthersAreRefused) {
    ByteBudget budget(512 * kKiB);
    auto one = budget.acquire({});
    auto two = budget.acquire({});
    EXPECT_TRUE(one->grow_to(400 * kKiB));
    EXPECT_FALSE(two->grow_to(300 * kKiB));
    EXPECT_TRUE(one->grow_to(4096 * kKiB));
    EXPECT_EQ(budget.next_size(), 300 * kKiB);  // the refused one asks for enough next time
    one->settle(100 * kKiB);
    EXPECT_TRUE(two->grow_to(300 * kKiB));
}

TEST(ByteBudget, APageLargerThanTheBudgetPassesAlone) {
    ByteBudget budget(512 * kKiB);
    budget.acquire({})->settle(0, 2048 * kKiB);
    auto small = budget.acquire({});
    ASSERT_TRUE(small);  // 2 MiB of 512 KiB: nothing else was held
    std::optional<Reservation> next;
    std::jthread waiter([&] { next = budget.acquire({}); });
    small->release();
    waiter.join();
    EXPECT_EQ(budget.used(), 2048 * kKiB);
    EXPECT_TRUE(next->grow_to(4096 * kKiB));
}

TEST(ByteBudget, TheRightToGoOverComesBackWithItsHolder) {
    ByteBudget budget(512 * kKiB);
    auto one = budget.acquire({});
    auto two = budget.acquire({});
    ASSERT_TRUE(one->grow_to(600 * kKiB));
    Reservation moved = std::move(*one);
    EXPECT_FALSE(two->grow_to(600 * kKiB));
    EXPECT_TRUE(moved.grow_to(700 * kKiB));
    moved.release();
    EXPECT_TRUE(two->grow_to(600 * kKiB));
}

TEST(Reservation, MovesAndGivesBackOnce) {
    ByteBudget budget(1024 * kKiB);
    {
        Reservation a = *budget.acquire({});
        Reservation b = std::move(a);
        Reservation c;
        c = std::move(b);
        EXPECT_EQ(budget.used(), 256 * kKiB);
        c = *budget.acquire({});
        EXPECT_EQ(budget.used(), 256 * kKiB);
    }
    EXPECT_EQ(budget.used(), 0);
}

TEST(ByteBudget, ManyThreadsWithPagesOfAnySizeAllFinishWithinBudgetAndOneResponse) {
    constexpr std::int64_t total = 512 * kKiB;
    constexpr std::int64_t largest = 900 * kKiB;
    ByteBudget budget(total);
    std::atomic<int> done = 0;
    {
        std::vector<std::jthread> threads;
        for (unsigned t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                std::mt19937 engine(t);
                for (int i = 0; i < 200; ++i) {
                    const std::int64_t size =
                        i % 50 == 7 ? largest : static_cast<std::int64_t>(engine() % (60 * kKiB));
                    for (bool stored = false; !stored;) {
                        auto page = budget.acquire({});
                        bool whole = true;
                        for (std::int64_t read = 0; whole && read < size; read += 16 * kKiB) {
                            whole = page->grow_to(std::min(size, read + 16 * kKiB));
                        }
                        if (!whole) continue;
                        page->settle(size / 2, size);
                        stored = true;
                    }
                    ++done;
                }
            });
        }
    }
    EXPECT_EQ(done, 1600);
    EXPECT_EQ(budget.used(), 0);
    EXPECT_LE(budget.peak(), total + largest);
}

}  // namespace
}  // namespace pagehaul::engine
