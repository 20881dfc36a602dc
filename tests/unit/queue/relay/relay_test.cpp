#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "core/error.h"
#include "queue/relay/consumer.h"

namespace pagehaul::queue::relay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <class Frame>
void expect_comes_back(const Frame& frame) {
    const auto read = read_said(write(Said(frame)));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, Said(frame));
}

TEST(RelayFrames, WhatIsWrittenIsRead) {
    expect_comes_back(More{7});
    expect_comes_back(Done{{1, 18'446'744'073'709'551'615ULL}});
    expect_comes_back(HandedOn{{2}});
    expect_comes_back(Released{{3}});
    expect_comes_back(Bury{.tag = 4, .why = "not \"one\"\nof ours"});
    const auto delivery = read_delivery(write(Delivery{.tag = 5, .body = "a\nb", .again = true}));
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->tag, 5U);
    EXPECT_EQ(delivery->body, "a\nb");
    EXPECT_TRUE(delivery->again);
}

TEST(RelayFrames, WhatIsNoneIsABug) {
    for (const char* line : {"", "{", "[]", "{\"done\":1}", "{\"more\":\"x\"}"})
        EXPECT_EQ(read_said(line).error().kind, ErrorKind::bug) << line;
    EXPECT_FALSE(read_delivery("{\"tag\":1}"));
}

class RelayConsumer : public testing::Test {
  protected:
    RelayConsumer() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        pool_ = std::make_unique<LineSocket>(ends[0]);
        worker_ = std::make_unique<Consumer>(ends[1], system_clock());
    }
    std::vector<Delivery> receive(std::size_t room) { return worker_->receive(room, MonoTime{}); }
    void give(std::uint64_t tag) { pool_->send(write(Delivery{.tag = tag, .body = "x"})); }
    std::vector<Said> said() {
        std::vector<Said> all;
        for (const std::string& line : pool_->lines())
            all.push_back(read_said(line).value());
        return all;
    }

    std::unique_ptr<LineSocket> pool_;
    std::unique_ptr<Consumer> worker_;
};

TEST_F(RelayConsumer, AsksForWhatItHasRoomForAndNotTwice) {
    receive(3);
    receive(3);
    give(1);
    EXPECT_EQ(receive(3).size(), 1U);
    receive(3);
    EXPECT_THAT(said(), ElementsAre(More{3}, More{1}));
}

TEST_F(RelayConsumer, SettlesWhatIsWithItOnce) {
    receive(9);
    for (const std::uint64_t tag : {1, 2, 3, 4})
        give(tag);
    receive(9);
    said();
    EXPECT_EQ(worker_->unsettled(), 4U);
    worker_->done({1, 1, 99});
    worker_->release({1, 2});
    worker_->bury(3, "why");
    EXPECT_THAT(said(), ElementsAre(Done{{1}}, Released{{2}}, Bury{.tag = 3, .why = "why"}));
    EXPECT_EQ(worker_->unsettled(), 1U);
}

TEST_F(RelayConsumer, GivesNothingOutWithoutRoom) {
    receive(2);
    give(1);
    give(2);
    EXPECT_THAT(receive(0), IsEmpty());
    EXPECT_EQ(receive(1).size(), 1U);
    EXPECT_EQ(receive(1).size(), 1U);
}

TEST_F(RelayConsumer, TakesAPoolThatIsGoneForABrokerThatIsAway) {
    receive(2);
    give(1);
    pool_.reset();
    EXPECT_EQ(receive(2).size(), 1U) << "what it said last still counts";
    try {
        receive(2);
        FAIL() << "expected a failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::transient);
    }
    EXPECT_EQ(worker_->unsettled(), 0U);
    worker_->done({1});
}

TEST_F(RelayConsumer, ToldLastIsReadBehindItsEnd) {
    receive(1);
    give(1);
    receive(1);
    worker_->done({1});
    worker_.reset();
    EXPECT_THAT(said(), ElementsAre(More{1}, Done{{1}}));
    EXPECT_TRUE(pool_->is_over());
}

}  // namespace
}  // namespace pagehaul::queue::relay
