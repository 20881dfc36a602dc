#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "config/load.h"
#include "core/error.h"
#include "queue/open.h"

/// What src/queue/queue.h promises, on the broker that the config named by PAGEHAUL_QUEUE_CONFIG leads to.
/// The queue is this process's alone; each test finds it empty.
namespace pagehaul::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

const config::Config& the_config() {
    static const config::Config config = [] {
        const char* file = std::getenv("PAGEHAUL_QUEUE_CONFIG");
        if (file == nullptr) throw std::runtime_error("PAGEHAUL_QUEUE_CONFIG: expected a config's file");
        auto loaded = config::load(file, {});
        if (!loaded) throw std::runtime_error(config::to_text(loaded.error()));
        return *loaded;
    }();
    return config;
}

/// Nothing that comes at all takes longer, a broker's rebalancing included.
constexpr auto patience = 30s;

class Queue : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto consumer = open();
        // Twice nothing: what somebody has just let go of may be on its way back.
        for (int empty = 0; empty < 2;) {
            const auto left = consumer->receive(100, clock.now() + 1s);
            consumer->done(tags_of(left));
            empty = left.empty() ? empty + 1 : 0;
        }
    }

    std::unique_ptr<Consumer> open(std::size_t prefetch = 100) const {
        return open_consumer(the_config().queue, prefetch, clock);
    }
    void publish(const std::vector<std::string>& bodies) const {
        open_publisher(the_config().queue, clock)->publish(bodies);
    }
    static std::vector<std::string> numbered(int count) {
        std::vector<std::string> bodies;
        for (int i = 0; i < count; ++i)
            bodies.push_back("message " + std::to_string(i));
        return bodies;
    }
    static std::vector<std::uint64_t> tags_of(const std::vector<Delivery>& deliveries) {
        std::vector<std::uint64_t> tags;
        for (const Delivery& delivery : deliveries)
            tags.push_back(delivery.tag);
        return tags;
    }
    static std::vector<std::string> bodies_of(const std::vector<Delivery>& deliveries) {
        std::vector<std::string> bodies;
        for (const Delivery& delivery : deliveries)
            bodies.push_back(delivery.body);
        return bodies;
    }
    /// At least so many, or what has come when the patience ends.
    std::vector<Delivery> take(Consumer& consumer, std::size_t count) const {
        std::vector<Delivery> all;
        const MonoTime until = clock.now() + patience;
        while (all.size() < count && clock.now() < until)
            for (Delivery& delivery : consumer.receive(count - all.size(), clock.now() + 500ms))
                all.push_back(std::move(delivery));
        return all;
    }
    /// Until both have been given messages at the same time: then a system that deals out shares has dealt
    /// them.
    void settle_in(Consumer& one, Consumer& two) const {
        const auto publisher = open_publisher(the_config().queue, clock);
        bool both = false;
        bool quiet = false;
        for (const MonoTime until = clock.now() + patience; !(both && quiet) && clock.now() < until;) {
            if (!both) publisher->publish(numbered(20));
            std::size_t served = 0;
            for (Consumer* consumer : {&one, &two}) {
                // Half of what is published: where nothing is dealt out beforehand the first would take all.
                const auto some = consumer->receive(10, clock.now() + 500ms);
                consumer->done(tags_of(some));
                served += some.empty() ? 0 : 1;
            }
            both = both || served == 2;
            quiet = served == 0;
        }
        ASSERT_TRUE(both && quiet);
    }
    /// What comes within a second or two, when nothing should.
    std::vector<Delivery> come_unasked(Consumer& consumer) const {
        std::vector<Delivery> all;
        for (int i = 0; i < 4; ++i)
            for (Delivery& delivery : consumer.receive(100, clock.now() + 500ms))
                all.push_back(std::move(delivery));
        return all;
    }

    const Clock& clock = system_clock();
};

TEST_F(Queue, HandsOutWhatIsPublishedOnceEach) {
    publish(numbered(250));
    const auto consumer = open(300);
    const auto come = take(*consumer, 250);
    EXPECT_THAT(bodies_of(come), UnorderedElementsAreArray(numbered(250)));
    EXPECT_EQ(consumer->unsettled(), 250U);
    consumer->done(tags_of(come));
    EXPECT_EQ(consumer->unsettled(), 0U);
    EXPECT_THAT(come_unasked(*consumer), IsEmpty());
}

TEST_F(Queue, WhatWasFetchedAheadOfOurAskingIsNotOursToSettle) {
    publish(numbered(20));
    const auto consumer = open();
    auto come = take(*consumer, 3);
    ASSERT_THAT(come, SizeIs(3));
    EXPECT_EQ(consumer->unsettled(), 3U);
    consumer->receive(0, clock.now() + 500ms);
    EXPECT_EQ(consumer->unsettled(), 3U);
    for (Delivery& delivery : take(*consumer, 17))
        come.push_back(std::move(delivery));
    EXPECT_THAT(come, SizeIs(20));
    consumer->done(tags_of(come));
    EXPECT_EQ(consumer->unsettled(), 0U);
}

TEST_F(Queue, DoesNotHandOutAgainWhatIsDone) {
    publish(numbered(20));
    {
        const auto consumer = open();
        consumer->done(tags_of(take(*consumer, 20)));
    }
    EXPECT_THAT(come_unasked(*open()), IsEmpty());
}

TEST_F(Queue, HandsOutAgainWhatALostConsumerHadNotSettled) {
    publish(numbered(20));
    open()->receive(0, clock.now());
    {
        const auto lost = open();
        const auto had = take(*lost, 20);
        ASSERT_THAT(had, SizeIs(20));
        const auto tags = tags_of(had);
        lost->done({tags.begin(), tags.begin() + 5});
        EXPECT_EQ(lost->unsettled(), 15U);
    }
    const auto other = open();
    const auto come = take(*other, 15);
    EXPECT_THAT(come, SizeIs(15));
    other->done(tags_of(come));
}

TEST_F(Queue, HandsOutAgainWhatIsReleasedWithoutWaitingForAnybodysDeath) {
    publish(numbered(10));
    auto first = open();
    const auto had = take(*first, 10);
    ASSERT_THAT(had, SizeIs(10));
    first->release(tags_of(had));
    EXPECT_EQ(first->unsettled(), 0U);
    // Whoever releases is about to leave.
    first.reset();
    const auto other = open();
    const MonoTime began = clock.now();
    const auto come = take(*other, 10);
    EXPECT_THAT(bodies_of(come), UnorderedElementsAreArray(numbered(10)));
    EXPECT_LT(clock.now() - began, 10s);
    other->done(tags_of(come));
}

TEST_F(Queue, GivesNoMoreThanThereIsRoomFor) {
    publish(numbered(20));
    const auto consumer = open();
    const auto first = take(*consumer, 3);
    EXPECT_THAT(first, SizeIs(3));
    EXPECT_THAT(consumer->receive(0, clock.now() + 200ms), IsEmpty());
    const auto rest = take(*consumer, 17);
    EXPECT_THAT(rest, SizeIs(17));
    consumer->done(tags_of(first));
    consumer->done(tags_of(rest));
}

TEST_F(Queue, WaitsNoLongerThanItIsTold) {
    const auto consumer = open();
    consumer->receive(1, clock.now());
    const MonoTime began = clock.now();
    EXPECT_THAT(consumer->receive(1, began + 300ms), IsEmpty());
    EXPECT_LT(clock.now() - began, 2s);
}

TEST_F(Queue, LeavesWithUsWhatIsServedHoweverLongItTakes) {
    const auto one = open();
    const auto two = open();
    settle_in(*one, *two);
    publish(numbered(6));
    std::map<Consumer*, std::vector<std::uint64_t>> had;
    std::size_t count = 0;
    for (const MonoTime until = clock.now() + patience; count < 6 && clock.now() < until;)
        for (Consumer* consumer : {one.get(), two.get()})
            for (const Delivery& delivery : consumer->receive(6, clock.now() + 100ms)) {
                had[consumer].push_back(delivery.tag);
                ++count;
            }
    ASSERT_EQ(count, 6U);
    for (const MonoTime until = clock.now() + 12s; clock.now() < until;)
        for (Consumer* consumer : {one.get(), two.get()})
            EXPECT_THAT(consumer->receive(6, clock.now() + 250ms), IsEmpty());
    for (const auto& [consumer, tags] : had) {
        EXPECT_EQ(consumer->unsettled(), tags.size());
        consumer->done(tags);
    }
    EXPECT_THAT(come_unasked(*one), IsEmpty());
    EXPECT_THAT(come_unasked(*two), IsEmpty());
}

TEST_F(Queue, SharesMessagesAmongItsConsumersEachToOne) {
    const auto one = open(10);
    const auto two = open(10);
    std::multiset<std::string> come;
    publish(numbered(200));
    const MonoTime until = clock.now() + patience;
    while (come.size() < 200 && clock.now() < until)
        for (Consumer* consumer : {one.get(), two.get()}) {
            const auto some = consumer->receive(10, clock.now() + 100ms);
            for (const Delivery& delivery : some)
                come.insert(delivery.body);
            consumer->done(tags_of(some));
        }
    const auto expected = numbered(200);
    // A rebalance may hand out again what was not yet noted as done.
    EXPECT_EQ(std::set<std::string>(come.begin(), come.end()),
              std::set<std::string>(expected.begin(), expected.end()));
    EXPECT_THAT(come, SizeIs(AllOf(Ge(200U), Le(220U))));
}

TEST_F(Queue, TagsAreNeverTheSameTwiceAndStrangeOnesArePassedOver) {
    publish(numbered(4));
    const auto consumer = open();
    const auto two = take(*consumer, 2);
    consumer->done(tags_of(two));
    consumer->done(tags_of(two));
    const auto others = take(*consumer, 2);
    std::set<std::uint64_t> tags;
    for (const auto& some : {two, others})
        for (const std::uint64_t tag : tags_of(some))
            EXPECT_TRUE(tags.insert(tag).second);
    consumer->done({999'999});
    consumer->done(tags_of(others));
    EXPECT_EQ(consumer->unsettled(), 0U);
}

TEST_F(Queue, KeepsWhatCannotBeReadOutOfTheWay) {
    const auto publisher = open_publisher(the_config().queue, clock);
    const auto dead_before = publisher->depth().dead;
    publish({"not one of ours"});
    const auto consumer = open();
    const auto come = take(*consumer, 1);
    ASSERT_THAT(come, SizeIs(1));
    consumer->bury(come.front().tag, "unreadable");
    EXPECT_EQ(consumer->unsettled(), 0U);
    EXPECT_THAT(come_unasked(*consumer), IsEmpty());
    if (dead_before) {
        EXPECT_EQ(publisher->depth().dead, *dead_before + 1);
    }
}

TEST_F(Queue, TellsHowMuchWaits) {
    const auto publisher = open_publisher(the_config().queue, clock);
    publisher->publish(numbered(30));
    Depth depth;
    const MonoTime until = clock.now() + patience;
    do {
        depth = publisher->depth();
    } while (depth.ready + depth.unsettled.value_or(0) != 30 && clock.now() < until);
    EXPECT_EQ(depth.ready + depth.unsettled.value_or(0), 30);
    const auto consumer = open();
    consumer->done(tags_of(take(*consumer, 30)));
    do {
        consumer->receive(0, clock.now() + 100ms);
        depth = publisher->depth();
    } while (depth.ready + depth.unsettled.value_or(0) != 0 && clock.now() < until);
    EXPECT_EQ(depth.ready + depth.unsettled.value_or(0), 0);
}

}  // namespace
}  // namespace pagehaul::queue
