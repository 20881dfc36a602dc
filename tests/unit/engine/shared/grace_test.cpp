#include "engine/shared/grace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "manual_clock.h"

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;

class GraceTest : public ::testing::Test {
  protected:
    pagehaul::testing::ManualClock clock;
};

TEST_F(GraceTest, LimitsNothingBeforeSigterm) {
    const Grace grace(Millis{8'000}, clock);
    EXPECT_EQ(grace.end_of_drain(seconds{60}), MonoTime::max());
    EXPECT_EQ(grace.within(StopPart::settle, seconds{5}), seconds{5});
    EXPECT_FALSE(grace.begun_token().stop_requested());
}

TEST_F(GraceTest, LimitsNothingWhereNoneWasTold) {
    Grace grace(std::nullopt, clock);
    grace.begin();
    EXPECT_EQ(grace.end_of_drain(seconds{60}), MonoTime::max());
    EXPECT_EQ(grace.within(StopPart::push, seconds{2}), seconds{2});
    EXPECT_FALSE(grace.before_its_end([] { FAIL() << "there is no end"; }).joinable());
}

TEST_F(GraceTest, CountsFromTheFirstSigterm) {
    Grace grace(Millis{8'000}, clock);
    const MonoTime began = clock.now();
    grace.begin();
    EXPECT_TRUE(grace.begun_token().stop_requested());
    clock.advance(seconds{3});
    grace.begin();
    EXPECT_EQ(grace.end_of_drain(seconds{60}), began + seconds{4});
    EXPECT_EQ(grace.end_of_drain(seconds{1}), began + seconds{1});
}

TEST_F(GraceTest, GivesEachPartWhatIsLeftAndNeverMoreThanUsual) {
    Grace grace(Millis{8'250}, clock);
    grace.begin();
    EXPECT_EQ(grace.within(StopPart::push, seconds{2}), seconds{2});
    clock.advance(seconds{4});
    EXPECT_EQ(grace.within(StopPart::flush, seconds{5}), Millis{1'500}) << "of the 4 s before its margin";
    clock.advance(seconds{3});
    EXPECT_EQ(grace.within(StopPart::push, seconds{2}), seconds{1});
    clock.advance(seconds{60});
    EXPECT_EQ(grace.within(StopPart::push, seconds{2}), Millis{1}) << "a limit of nothing would be none";
}

TEST_F(GraceTest, TheLastResortComesJustBeforeItsEnd) {
    Grace grace(Millis{5'000}, clock);
    std::atomic<bool> left = false;
    std::latch gone(1);
    const std::jthread last = grace.before_its_end([&] {
        left = true;
        gone.count_down();
    });
    clock.wait_for_sleepers();
    clock.advance(std::chrono::hours{1});
    EXPECT_FALSE(left) << "no SIGTERM came";
    grace.begin();
    // It sleeps until then now, and no more until whenever.
    clock.advance(seconds{4});
    EXPECT_FALSE(left);
    clock.advance(Millis{750});
    gone.wait();
    EXPECT_TRUE(left);
}

TEST_F(GraceTest, WhoEndsInTimeIsLeftAlone) {
    Grace grace(Millis{5'000}, clock);
    bool left = false;
    std::jthread last = grace.before_its_end([&] { left = true; });
    grace.begin();
    last.request_stop();
    last.join();
    clock.advance(std::chrono::hours{1});
    EXPECT_FALSE(left);
}

}  // namespace
}  // namespace pagehaul::engine
