#include "engine/carry/publish_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using namespace std::chrono_literals;
using ledger::Place;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Place p1{.slice_id = 1, .no = 1};
const Place p2{.slice_id = 1, .no = 2};
const Place p3{.slice_id = 2, .no = 1};

class PublishPolicyTest : public ::testing::Test {
  protected:
    /// The pages are due, and what has not been told of them is told now.
    std::vector<Place> tell(const std::vector<Place>& due) {
        const auto unsent = policy.unsent(due);
        policy.sent(alone(unsent), now);
        return unsent;
    }
    /// A message each.
    static std::vector<Lot> alone(const std::vector<Place>& pages) {
        std::vector<Lot> lots;
        for (const Place& page : pages)
            lots.push_back({page});
        return lots;
    }
    static queue::Depth depth(std::int64_t ready, std::optional<std::int64_t> unsettled = {}) {
        return {.ready = ready, .unsettled = unsettled};
    }

    PublishPolicy policy;
    MonoTime now{1000h};
};

TEST_F(PublishPolicyTest, TellsOfEachPageThatIsDueOnce) {
    EXPECT_THAT(tell({p1, p2}), ElementsAre(p1, p2));
    EXPECT_THAT(tell({p1, p2, p3}), ElementsAre(p3));
    EXPECT_THAT(tell({p1, p2, p3}), IsEmpty());
}

TEST_F(PublishPolicyTest, TellsAgainOfAPageThatCameBack) {
    tell({p1, p2});
    EXPECT_THAT(tell({p2}), IsEmpty()) << "p1 is in somebody's hands";
    EXPECT_THAT(tell({p1, p2}), ElementsAre(p1));
}

TEST_F(PublishPolicyTest, WhatCouldNotBeSentIsStillToBeSent) {
    EXPECT_THAT(policy.unsent({p1}), ElementsAre(p1));
    EXPECT_THAT(policy.unsent({p1}), ElementsAre(p1));
}

TEST_F(PublishPolicyTest, AsksForTheDepthOnlyWhenPagesWaitLongerThanTheirHintsShould) {
    EXPECT_FALSE(policy.wants_depth(now));
    tell({p1});
    EXPECT_FALSE(policy.wants_depth(now + 4s));
    EXPECT_TRUE(policy.wants_depth(now + 5s));
}

TEST_F(PublishPolicyTest, HintsAreLostWhenMorePagesWaitThanThereAreMessages) {
    tell({p1, p2, p3});
    now += 5s;
    EXPECT_THAT(policy.lost(depth(3), now), IsEmpty());
    EXPECT_THAT(policy.lost(depth(1, 2), now), IsEmpty());
    EXPECT_THAT(policy.lost(depth(1, 1), now), ElementsAre(p1, p2, p3));
    EXPECT_THAT(policy.lost(depth(0), now), ElementsAre(p1, p2, p3));
    EXPECT_THAT(policy.lost(depth(0), now - 1s), IsEmpty()) << "they may be on their way";
}

TEST_F(PublishPolicyTest, SoManyMessagesAreMissedAsNameThePagesThatWait) {
    policy.unsent({p1, p2, p3});
    policy.sent({{p1, p2}, {p3}}, now);
    now += 5s;
    EXPECT_THAT(policy.lost(depth(2), now), IsEmpty());
    EXPECT_THAT(policy.lost(depth(1), now), ElementsAre(p1, p2, p3));
    policy.unsent({p2, p3});
    EXPECT_THAT(policy.lost(depth(2), now), IsEmpty()) << "the first may be a message of p2 alone";
    EXPECT_THAT(policy.lost(depth(1), now), ElementsAre(p2, p3));
    policy.unsent({p1, p2});
    policy.sent({{p1}}, now - 5s);
    EXPECT_THAT(policy.lost(depth(1), now), ElementsAre(p1, p2)) << "told of anew, p1 is in another one";
}

TEST_F(PublishPolicyTest, WhatWasSentAgainIsWaitedForAnew) {
    tell({p1});
    now += 5s;
    policy.sent(alone(policy.lost(depth(0), now)), now);
    EXPECT_THAT(policy.lost(depth(0), now + 4s), IsEmpty());
    EXPECT_THAT(policy.lost(depth(0), now + 5s), ElementsAre(p1));
}

TEST_F(PublishPolicyTest, AmidTheMessagesOfOthersAHintIsSentAgainAfterALongTimeAndEachTimeLater) {
    tell({p1});
    EXPECT_THAT(policy.lost(depth(100), now + 9min), IsEmpty());
    for (const auto waits : {10min, 20min, 40min, 80min, 120min, 120min}) {
        EXPECT_THAT(policy.lost(depth(100), now + waits - 1s), IsEmpty());
        now += waits;
        EXPECT_THAT(policy.lost(depth(100), now), ElementsAre(p1));
        policy.sent({{p1}}, now);
    }
}

std::vector<Place> pages(std::int64_t count) {
    std::vector<Place> pages;
    for (std::int64_t no = 1; no <= count; ++no)
        pages.push_back({.slice_id = 1 + no / 7, .no = no});
    return pages;
}

std::vector<std::size_t> sizes(std::int64_t count, std::size_t waiting, std::size_t per_message) {
    std::vector<std::size_t> sizes;
    for (const Lot& lot : into_lots(pages(count), waiting, {.ahead = 1'000, .per_message = per_message}))
        sizes.push_back(lot.size());
    return sizes;
}

TEST(IntoLots, FillsMessagesInTheOrderOfThePagesOfWhateverSlices) {
    const std::vector<Place> due = pages(160);
    const auto lots = into_lots(due, 0, {.ahead = 1'000, .per_message = 10});
    ASSERT_EQ(lots.size(), 16U);
    EXPECT_THAT(lots[1], ::testing::ElementsAreArray(due.begin() + 10, due.begin() + 20));
}

TEST(IntoLots, OfFewPagesAreSmallForManyWorkersToHaveSome) {
    EXPECT_THAT(sizes(3, 0, 10), ElementsAre(1, 1, 1));
    EXPECT_THAT(sizes(16, 0, 10), ::testing::Each(1));
    EXPECT_THAT(sizes(63, 0, 10), ::testing::SizeIs(21));
    EXPECT_THAT(sizes(25, 140, 10), ElementsAre(10, 10, 5));
    EXPECT_THAT(sizes(25, 140, 1), ::testing::SizeIs(25));
}

TEST(IntoLots, WhileMuchWaitsAreNoneThatWouldNotBeFull) {
    EXPECT_THAT(sizes(25, 499, 10), ElementsAre(10, 10, 5));
    EXPECT_THAT(sizes(25, 500, 10), ElementsAre(10, 10));
    EXPECT_THAT(sizes(9, 500, 10), IsEmpty());
    EXPECT_THAT(sizes(0, 0, 10), IsEmpty());
}

TEST(NextPublishing, ComesSoonWhileMuchIsTakenAndSeldomWhileNothingHappens) {
    EXPECT_EQ(next_publishing(250, 1000, 1s), 50ms);
    EXPECT_EQ(next_publishing(10, 1000, 400ms), 200ms);
    Nanos pause = 50ms;
    for (int i = 0; i < 10; ++i)
        pause = next_publishing(0, 1000, pause);
    EXPECT_EQ(pause, 1s);
}

}  // namespace
}  // namespace pagehaul::engine
