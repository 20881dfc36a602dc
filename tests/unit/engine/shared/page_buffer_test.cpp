#include "engine/shared/page_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "manual_clock.h"

namespace pagehaul::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct Page {
    int no = 0;
    std::int64_t bytes = 100;
    bool urgent = false;
    std::unique_ptr<int> only_movable = {};
};

std::vector<int> numbers(const std::vector<Page>& pages) {
    std::vector<int> all;
    for (const Page& page : pages)
        all.push_back(page.no);
    return all;
}

const BatchLimits kPatient{.max_pages = 3, .max_bytes = 1000, .max_age = hours(1)};
const MonoTime kToday = MonoTime(hours(5));

Waiting waiting(std::size_t pages, std::int64_t bytes, MonoTime oldest) {
    return {.pages = pages, .bytes = bytes, .urgent = 0, .oldest = oldest, .closed = false};
}

/// A buffer on a clock that stands still.
class PageBufferTest : public ::testing::Test {
  protected:
    pagehaul::testing::ManualClock clock;
    PageBuffer<Page> buffer{clock};
};

TEST(BatchDue, WhenFullByPagesOrBytes) {
    EXPECT_FALSE(batch_due(waiting(2, 999, kToday), kPatient, kToday));
    EXPECT_TRUE(batch_due(waiting(3, 3, kToday), kPatient, kToday));
    EXPECT_TRUE(batch_due(waiting(1, 1000, kToday), kPatient, kToday));
}

TEST(BatchDue, WhenTheOldestHasWaitedLongEnough) {
    EXPECT_FALSE(batch_due(waiting(1, 1, kToday), kPatient, kToday + hours(1) - milliseconds(1)));
    EXPECT_TRUE(batch_due(waiting(1, 1, kToday), kPatient, kToday + hours(1)));
}

TEST(BatchDue, WhenOthersWaitForAPageOrNoMoreCanCome) {
    auto urgent = waiting(1, 1, kToday);
    urgent.urgent = 1;
    EXPECT_TRUE(batch_due(urgent, kPatient, kToday));
    auto closed = waiting(1, 1, kToday);
    closed.closed = true;
    EXPECT_TRUE(batch_due(closed, kPatient, kToday));
}

TEST(BatchDue, NeverWithoutAPage) {
    EXPECT_FALSE(batch_due(Waiting{.closed = true}, kPatient, kToday));
}

TEST_F(PageBufferTest, ABatchIsInOrderAndNoLargerThanItsLimits) {
    for (int no = 1; no <= 4; ++no)
        ASSERT_TRUE(buffer.push({.no = no}));
    EXPECT_EQ(numbers(buffer.take_batch(kPatient, {})), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(buffer.waiting().pages, 1U);
    EXPECT_EQ(buffer.waiting().bytes, 100);
}

TEST_F(PageBufferTest, BytesBoundABatchButOnePageAlwaysFits) {
    ASSERT_TRUE(buffer.push({.no = 1, .bytes = 5000}));
    ASSERT_TRUE(buffer.push({.no = 2, .bytes = 600}));
    ASSERT_TRUE(buffer.push({.no = 3, .bytes = 500}));
    EXPECT_EQ(numbers(buffer.take_batch(kPatient, {})), (std::vector<int>{1}));
    EXPECT_EQ(numbers(buffer.take_batch(kPatient, {})), (std::vector<int>{2}));
}

TEST_F(PageBufferTest, AnUrgentPageIsTakenAtOnceWithItsCompany) {
    std::vector<Page> batch;
    std::jthread writer([&] { batch = buffer.take_batch(kPatient, {}); });
    ASSERT_TRUE(buffer.push({.no = 2}));
    ASSERT_TRUE(buffer.push({.no = 1, .urgent = true}));
    writer.join();
    EXPECT_EQ(numbers(batch), (std::vector<int>{2, 1}));
    EXPECT_EQ(buffer.waiting().urgent, 0U);
}

TEST_F(PageBufferTest, APageWaitsForItsAgeAndNoLonger) {
    ASSERT_TRUE(buffer.push({.no = 1}));
    std::vector<Page> batch;
    std::jthread writer([&] { batch = buffer.take_batch(kPatient, {}); });
    clock.wait_for_sleepers();
    clock.advance(kPatient.max_age - milliseconds(1));
    EXPECT_EQ(buffer.waiting().pages, 1U);
    clock.advance(milliseconds(1));
    writer.join();
    EXPECT_EQ(numbers(batch), (std::vector<int>{1}));
}

TEST_F(PageBufferTest, AWriterThatSleptWithoutAPageMindsTheAgeOfTheNext) {
    std::vector<Page> batch;
    std::jthread writer([&] { batch = buffer.take_batch(kPatient, {}); });
    clock.wait_for_sleepers();
    ASSERT_TRUE(buffer.push({.no = 1}));
    clock.advance(kPatient.max_age);
    writer.join();
    EXPECT_EQ(numbers(batch), (std::vector<int>{1}));
}

TEST_F(PageBufferTest, ClosedItIsEmptiedAndThenOver) {
    ASSERT_TRUE(buffer.push({.no = 1}));
    buffer.close();
    EXPECT_FALSE(buffer.push({.no = 2}));
    EXPECT_EQ(numbers(buffer.take_batch(kPatient, {})), (std::vector<int>{1}));
    EXPECT_TRUE(buffer.take_batch(kPatient, {}).empty());
}

TEST_F(PageBufferTest, AStopEndsTheWaitAndLeavesThePages) {
    ASSERT_TRUE(buffer.push({.no = 1}));
    std::stop_source stop;
    std::vector<Page> batch;
    std::jthread writer([&] { batch = buffer.take_batch(kPatient, stop.get_token()); });
    clock.wait_for_sleepers();
    stop.request_stop();
    writer.join();
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(numbers(buffer.drain()), (std::vector<int>{1}));
    EXPECT_EQ(buffer.waiting().bytes, 0);
}

TEST(PageBuffer, NoPageIsLostBetweenManyThreads) {
    PageBuffer<Page> buffer(system_clock());
    std::mutex mutex;
    std::vector<int> seen;
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < 3; ++t) {
            writers.emplace_back([&] {
                for (auto batch = buffer.take_batch(kPatient, {}); !batch.empty();
                     batch = buffer.take_batch(kPatient, {})) {
                    const std::lock_guard lock(mutex);
                    for (const int no : numbers(batch))
                        seen.push_back(no);
                }
            });
        }
        {
            std::vector<std::jthread> workers;
            for (int t = 0; t < 4; ++t) {
                workers.emplace_back([&, t] {
                    for (int i = 0; i < 1000; ++i)
                        buffer.push({.no = t * 1000 + i});
                });
            }
        }
        buffer.close();
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), 4000U);
    for (int i = 0; i < 4000; ++i)
        ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace pagehaul::engine
