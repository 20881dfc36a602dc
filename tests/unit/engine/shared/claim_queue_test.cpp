#include "engine/shared/claim_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;

constexpr int kHands = 4;

ledger::Claim job(std::int64_t page, const std::string& stream = "") {
    ledger::Claim claim;
    claim.page_id = page;
    claim.stream = stream;
    return claim;
}

/// Puts a job in where there is room; never waits.
bool put(ClaimQueue& queue, ledger::Claim&& claim) {
    std::stop_source stopped;
    stopped.request_stop();
    return queue.push(std::move(claim), stopped.get_token());
}

TEST(ClaimQueue, FirstInFirstOut) {
    ClaimQueue queue(4);
    ASSERT_TRUE(queue.push(job(1), {}));
    ASSERT_TRUE(queue.push(job(2), {}));
    EXPECT_EQ(queue.pop({}, kHands)->page_id, 1);
    EXPECT_EQ(queue.pop({}, kHands)->page_id, 2);
}

TEST(ClaimQueue, IsBounded) {
    ClaimQueue queue(2);
    EXPECT_TRUE(put(queue, job(1)));
    EXPECT_TRUE(put(queue, job(2, "other")));
    EXPECT_FALSE(put(queue, job(3)));
    std::stop_source stop;
    bool pushed = true;
    std::jthread producer([&] { pushed = queue.push(job(3), stop.get_token()); });
    stop.request_stop();
    producer.join();
    EXPECT_FALSE(pushed);
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_EQ(queue.size("other"), 1U);
}

TEST(ClaimQueue, ARefusedJobStaysWithItsCaller) {
    ClaimQueue queue(1);
    queue.close();
    ledger::Claim claim = job(7, "orders");
    EXPECT_FALSE(queue.push(std::move(claim), {}));
    EXPECT_FALSE(put(queue, std::move(claim)));
    EXPECT_EQ(claim.stream, "orders");
}

TEST(ClaimQueue, AProducerGoesOnWhenThereIsRoom) {
    ClaimQueue queue(1);
    ASSERT_TRUE(put(queue, job(1)));
    std::jthread producer([&] { queue.push(job(2), {}); });
    EXPECT_EQ(queue.pop({}, kHands)->page_id, 1);
    EXPECT_EQ(queue.pop({}, kHands)->page_id, 2);
}

TEST(ClaimQueue, AStopEndsTheWaitOfAConsumerAndLeavesTheJobs) {
    ClaimQueue queue(4);
    std::stop_source stop;
    bool got = true;
    std::jthread consumer([&] { got = queue.pop(stop.get_token(), kHands).has_value(); });
    stop.request_stop();
    consumer.join();
    EXPECT_FALSE(got);
    ASSERT_TRUE(put(queue, job(5)));
    EXPECT_FALSE(queue.pop(stop.get_token(), kHands));
    EXPECT_EQ(queue.size(), 1U);
}

TEST(ClaimQueue, ClosedItIsEmptiedAndThenOver) {
    ClaimQueue queue(4);
    put(queue, job(1, "slow"));
    put(queue, job(2, "slow"));
    put(queue, job(3, "fast"));
    queue.close();
    std::vector<std::int64_t> pages;
    while (const auto claim = queue.pop({}, 1))
        pages.push_back(claim->page_id);
    EXPECT_THAT(pages, ElementsAre(3, 1, 2)) << "whoever is free takes what there is";
}

TEST(ClaimQueue, DrainTakesTheRestForGivingBack) {
    ClaimQueue queue(4);
    put(queue, job(1));
    put(queue, job(2));
    EXPECT_EQ(queue.drain().size(), 2U);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(WhoseTurn, OfOneStreamThereIsNoBound) {
    EXPECT_EQ(whose_turn({{.queued = 1, .taken = 100}}, kHands, false), 0U);
    EXPECT_EQ(whose_turn({{.queued = 0, .taken = 0, .more = true}}, kHands, false), std::nullopt);
    EXPECT_EQ(whose_turn({}, kHands, false), std::nullopt);
}

TEST(WhoseTurn, IsOfTheStreamWithFewerWorkers) {
    EXPECT_EQ(whose_turn({{.queued = 5, .taken = 1}, {.queued = 1, .taken = 0}}, kHands, false), 1U);
    EXPECT_EQ(whose_turn({{.queued = 5, .taken = 1}, {.queued = 1, .taken = 1}}, kHands, false), 0U);
}

TEST(WhoseTurn, AStreamTakesNoMoreThanItsShareWhileAnotherHasWork) {
    const Lane slow{.queued = 5, .taken = 2};
    EXPECT_EQ(whose_turn({slow, {.taken = 1, .more = true}}, kHands, false), std::nullopt)
        << "two of four workers are its share: the third would be the other's";
    EXPECT_EQ(whose_turn({slow, {.queued = 1, .taken = 1}}, kHands, false), 1U);
    EXPECT_EQ(whose_turn({slow, {.taken = 2}}, kHands, false), 0U) << "nobody else has anything to do";
    EXPECT_EQ(whose_turn({slow, {.taken = 1, .more = true}}, kHands, true), 0U) << "nobody brings more";
    EXPECT_EQ(whose_turn({{.queued = 5}, {.more = true}, {.more = true}}, 1, false), 0U)
        << "one worker at least, however many share it";
}

TEST(ClaimQueue, AStreamWithItsShareGetsAWorkerBackWhenAJobIsOver) {
    ClaimQueue queue(8);
    put(queue, job(1, "slow"));
    put(queue, job(2, "slow"));
    queue.expect_more("fast", true);
    EXPECT_EQ(queue.pop({}, 2)->page_id, 1);
    std::optional<ledger::Claim> got;
    std::jthread worker([&] { got = queue.pop({}, 2); });
    queue.over("slow");
    worker.join();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->page_id, 2);
}

TEST(ClaimQueue, NoJobIsLostOrDoubledBetweenManyThreads) {
    ClaimQueue queue(8);
    constexpr int each = 2'000;
    std::mutex mutex;
    std::vector<std::int64_t> seen;
    {
        std::vector<std::jthread> consumers;
        for (int t = 0; t < 4; ++t) {
            consumers.emplace_back([&] {
                while (const auto claim = queue.pop({}, kHands)) {
                    {
                        const std::lock_guard lock(mutex);
                        seen.push_back(claim->page_id);
                    }
                    queue.over(claim->stream);
                }
            });
        }
        {
            std::vector<std::jthread> producers;
            for (int t = 0; t < 3; ++t) {
                producers.emplace_back([&, t] {
                    for (int i = 0; i < each; ++i)
                        queue.push(job(t * each + i, "stream " + std::to_string(t)), {});
                });
            }
        }
        queue.close();
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), 3U * each);
    for (int i = 0; i < 3 * each; ++i)
        ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace pagehaul::engine
