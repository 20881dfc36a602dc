#include "engine/carry/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "manual_clock.h"
#include "scripted_broker.h"

namespace pagehaul::engine {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::message;

class Leftovers : public ::testing::Test {
  protected:
    /// Each look at the broker takes as long.
    std::size_t take(Millis look = 1s) {
        script.on_receive = [this, look] {
            clock.advance(look);
            if (const auto lot = lots.find(++looks); lot != lots.end()) script.gives = lot->second;
            if (looks == stop_at) stop.request_stop();
        };
        testing::ScriptedConsumer consumer(script);
        testing::ScriptedPublisher publisher(script);
        return take_leftovers(consumer, publisher, {"p", "here"}, clock, stop.get_token());
    }

    pagehaul::testing::ManualClock clock;
    testing::Script script;
    std::map<int, std::vector<queue::Delivery>> lots;  ///< by the look that gives them
    int looks = 0;
    int stop_at = 0;
    std::stop_source stop;
};

TEST_F(Leftovers, AreTakenUntilNothingHasComeForFiveSeconds) {
    lots = {{1, {{.tag = 1, .body = message(1, 7)}, {.tag = 2, .body = message(2, 6)}}},
            {5, {{.tag = 3, .body = message(3, 7)}}}};
    EXPECT_EQ(take(), 3U);
    EXPECT_THAT(script.done, ElementsAre(1, 2, 3));
    EXPECT_EQ(looks, 10);
}

TEST_F(Leftovers, OfAnotherPipelineGoToTheEndAndEndTheSearch) {
    lots = {{1, {{.tag = 1, .body = message(1, 7, "q")}, {.tag = 2, .body = message(2)}}},
            {2, {{.tag = 3, .body = message(3)}}}};
    EXPECT_EQ(take(), 1U);
    EXPECT_THAT(script.published, ElementsAre(message(1, 7, "q")));
    EXPECT_THAT(script.done, ElementsAre(2));
    EXPECT_THAT(script.handed_on, ElementsAre(1));
    EXPECT_EQ(looks, 1);
}

TEST_F(Leftovers, OfAnotherLedgerGoToItsEndTooAndAreNotCounted) {
    lots = {{1,
             {{.tag = 1, .body = message(1, 7, "p", "elsewhere")},
              {.tag = 2, .body = message(2, 7, "p", "here")}}}};
    EXPECT_EQ(take(), 1U);
    EXPECT_THAT(script.published, ElementsAre(message(1, 7, "p", "elsewhere")));
    EXPECT_THAT(script.handed_on, ElementsAre(1));
}

TEST_F(Leftovers, ThatNobodyCanReadAreBuried) {
    lots = {{1, {{.tag = 1, .body = "hello"}}}};
    EXPECT_EQ(take(), 0U);
    EXPECT_THAT(script.buried, ElementsAre(1));
    EXPECT_THAT(script.done, IsEmpty());
}

TEST_F(Leftovers, AreLeftWhenWeAreToStop) {
    stop_at = 2;
    EXPECT_EQ(take(), 0U);
    EXPECT_EQ(looks, 2);
}

}  // namespace
}  // namespace pagehaul::engine
