#include "engine/shared/job_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>

namespace pagehaul::engine {
namespace {

/// Puts a job in where there is room; never waits.
template <class Job>
bool put(JobQueue<Job>& queue, Job&& job) {
    std::stop_source stopped;
    stopped.request_stop();
    return queue.push(std::move(job), stopped.get_token());
}

TEST(JobQueue, FirstInFirstOut) {
    JobQueue<std::unique_ptr<int>> queue(4);
    ASSERT_TRUE(queue.push(std::make_unique<int>(1), {}));
    ASSERT_TRUE(queue.push(std::make_unique<int>(2), {}));
    EXPECT_EQ(**queue.pop({}), 1);
    EXPECT_EQ(**queue.pop({}), 2);
}

TEST(JobQueue, IsBounded) {
    JobQueue<int> queue(2);
    EXPECT_TRUE(put(queue, 1));
    EXPECT_TRUE(put(queue, 2));
    EXPECT_FALSE(put(queue, 3));
    std::stop_source stop;
    bool pushed = true;
    std::jthread producer([&] { pushed = queue.push(3, stop.get_token()); });
    stop.request_stop();
    producer.join();
    EXPECT_FALSE(pushed);
    EXPECT_EQ(queue.size(), 2U);
}

TEST(JobQueue, ARefusedJobStaysWithItsCaller) {
    JobQueue<std::unique_ptr<int>> queue(1);
    queue.close();
    auto job = std::make_unique<int>(7);
    EXPECT_FALSE(queue.push(std::move(job), {}));
    EXPECT_FALSE(put(queue, std::move(job)));
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(*job, 7);
}

TEST(JobQueue, AProducerGoesOnWhenThereIsRoom) {
    JobQueue<int> queue(1);
    ASSERT_TRUE(put(queue, 1));
    std::jthread producer([&] { queue.push(2, {}); });
    EXPECT_EQ(queue.pop({}), 1);
    EXPECT_EQ(queue.pop({}), 2);
}

TEST(JobQueue, AStopEndsTheWaitOfAConsumerAndLeavesTheJobs) {
    JobQueue<int> queue(4);
    std::stop_source stop;
    std::optional<int> got = 1;
    std::jthread consumer([&] { got = queue.pop(stop.get_token()); });
    stop.request_stop();
    consumer.join();
    EXPECT_EQ(got, std::nullopt);
    ASSERT_TRUE(put(queue, 5));
    EXPECT_EQ(queue.pop(stop.get_token()), std::nullopt);
    EXPECT_EQ(queue.size(), 1U);
}

TEST(JobQueue, ClosedItIsEmptiedAndThenOver) {
    JobQueue<int> queue(4);
    put(queue, 1);
    queue.close();
    EXPECT_EQ(queue.pop({}), 1);
    EXPECT_EQ(queue.pop({}), std::nullopt);
}

TEST(JobQueue, DrainTakesTheRestForGivingBack) {
    JobQueue<int> queue(4);
    put(queue, 1);
    put(queue, 2);
    EXPECT_EQ(queue.drain(), (std::vector<int>{1, 2}));
    EXPECT_EQ(queue.size(), 0U);
}

TEST(JobQueue, NoJobIsLostOrDoubledBetweenManyThreads) {
    JobQueue<int> queue(8);
    constexpr int each = 2'000;
    std::mutex mutex;
    std::vector<int> seen;
    {
        std::vector<std::jthread> consumers;
        for (int t = 0; t < 4; ++t) {
            consumers.emplace_back([&] {
                while (const auto job = queue.pop({})) {
                    const std::lock_guard lock(mutex);
                    seen.push_back(*job);
                }
            });
        }
        {
            std::vector<std::jthread> producers;
            for (int t = 0; t < 3; ++t) {
                producers.emplace_back([&, t] {
                    for (int i = 0; i < each; ++i)
                        queue.push(t * each + i, {});
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
